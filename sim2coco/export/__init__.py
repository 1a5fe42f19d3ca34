"""Writes data sets in the formats that training frameworks read."""
