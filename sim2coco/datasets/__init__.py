"""Reads, merges, splits and describes finished data sets from sim2coco and other tools."""
