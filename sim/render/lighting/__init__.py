"""Lighting: sun, sky, lamps and environment maps on bodies, floor and walls."""
