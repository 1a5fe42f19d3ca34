"""Numbers on finished data sets: of each object and image, histograms, near-duplicates, diversity, faults."""
