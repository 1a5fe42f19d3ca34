"""Histograms that the accepted images of a run are to have together, and which views fill them."""
