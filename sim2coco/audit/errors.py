"""The error that ends an audit."""


class AuditError(ValueError):
    """The audit cannot be made. The message is one line that says what to do."""
