"""Scene kinds, one module each."""
