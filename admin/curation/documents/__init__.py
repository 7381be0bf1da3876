"""A document's way: files as they come, chunks, edits, versions."""
