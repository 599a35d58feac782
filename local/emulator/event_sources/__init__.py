"""What moves records from a source into a function, under the function's role."""
