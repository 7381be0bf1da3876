"""Reading files: from a stranger's bytes to text, whatever the format."""
