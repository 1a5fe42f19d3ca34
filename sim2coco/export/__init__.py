"""Formats of annotations, one file each, over the labelled pictures of a data set."""
