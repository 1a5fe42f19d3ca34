"""Commands for data sets: preview, show and replay."""
