"""What is wrong with a file."""


class Unreadable(ValueError):
    """The file cannot be read as a table; the text is a sentence in the reader's language."""
