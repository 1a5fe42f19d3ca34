"""Annotation formats, one module each; all are written from the labelled images of a data set."""
