"""Furniture: fixed bodies without labels, and what they are made of."""
