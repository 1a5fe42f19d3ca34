"""Quality checks on labelled images: which labels are dropped, which images are rejected, and why."""
