"""Implementation of the commands preview, show and replay."""
