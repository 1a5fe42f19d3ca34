"""Engines make the scenes of a run: in this process, in supervised processes, or on a Ray cluster."""
