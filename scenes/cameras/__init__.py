"""Camera kinds (one per file), intrinsics, and image sensors."""
