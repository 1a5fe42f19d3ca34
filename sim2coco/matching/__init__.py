"""Proposes settings whose images resemble those of a data set."""
