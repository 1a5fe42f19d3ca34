"""Judges data sets by a small detector that is trained from scratch on each and tested on one reference."""
