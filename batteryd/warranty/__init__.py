"""What is covered as of a date. Pure."""
