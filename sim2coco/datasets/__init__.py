"""Finished data sets, ours and those of other tools: read, merged, split and described."""
