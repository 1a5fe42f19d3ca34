"""Selects the images of a data set that are worth keeping."""
