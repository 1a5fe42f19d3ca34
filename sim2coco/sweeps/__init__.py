"""Sweeps: a table and a plot that compare the data sets of the jobs."""
