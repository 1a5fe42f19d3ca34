"""The kinds of scenes, one file each."""
