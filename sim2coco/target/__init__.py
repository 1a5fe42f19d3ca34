"""Target histograms for the accepted images of a run, and the choice of the views that fill them."""
