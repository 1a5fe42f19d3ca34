"""Where bodies start: released above others, set down, or spread over an area."""
