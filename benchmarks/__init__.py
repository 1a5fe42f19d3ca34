"""Benchmarks of speed and memory, as ratios to a baseline measured in the same run."""
