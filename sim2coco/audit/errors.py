"""The exception that ends an audit."""


class AuditError(ValueError):
    """The audit cannot be done. The message is one line that says what to do."""
