"""The exception for a validation that cannot be done."""


class ValidateError(ValueError):
    """A data set, a predictions file or an option cannot be used; the message is one line."""
