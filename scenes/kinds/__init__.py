"""The kinds of scenes, one module each."""
