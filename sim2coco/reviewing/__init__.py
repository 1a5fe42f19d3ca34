"""Images judged by people: a local page, the file of verdicts, and how far reviewers agree."""
