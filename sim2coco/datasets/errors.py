"""The error of a data set that cannot be used."""


class DataSetError(ValueError):
    """The folder is not a data set, or an image or file is missing or broken; the message is one line."""
