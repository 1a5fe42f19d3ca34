"""Judges labelled pictures: which labels are dropped, which pictures are refused, and why."""
