"""Image review by people: a local page, the file of verdicts, and the agreement of reviewers."""
