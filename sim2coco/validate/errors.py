"""The error of a validation that cannot be done."""


class ValidateError(ValueError):
    """A data set, a file of predictions or an option cannot be used; the message is one line."""
