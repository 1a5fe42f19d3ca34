"""Start poses of bodies: released from above, set down, or spread over an area."""
