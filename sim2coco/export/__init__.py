"""Annotation formats, one module each, all written from the labelled images of a data set."""
