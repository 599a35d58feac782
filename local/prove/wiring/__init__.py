"""Who must be able to do what for a system to run: read from its resources alone, apart from whoever granted it."""
