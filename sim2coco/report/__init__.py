"""The report of a data set: one page with its statistics and a comparison with another data set."""
