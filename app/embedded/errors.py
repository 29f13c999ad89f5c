"""What stops an embedded server or a stack from starting or staying up."""


class EmbeddedError(Exception):
    """Its message is one line, meant for a person: what is wrong and what to do about it.

    A second part, after a newline, quotes a log when there is one to quote.
    """
