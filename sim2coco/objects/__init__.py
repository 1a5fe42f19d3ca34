"""Data sets in object stores such as S3."""
