"""The sensor: lens blur, motion blur and tone mapping."""
