"""Compares data sets by training a small detector from scratch on each and testing on one reference."""
