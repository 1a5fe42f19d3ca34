"""Statistics of finished data sets: measures, histograms, near-duplicates, diversity, faults."""
