"""What a run leaves, read back as records, with its statistics."""
