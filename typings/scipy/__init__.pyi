"""The few functions of SciPy that this project calls; add one here when the code needs one more."""
