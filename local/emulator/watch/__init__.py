"""What services say about themselves to CloudWatch, and how alarms judge it."""
