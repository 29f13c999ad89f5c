"""The error of embedded servers and stacks."""


class EmbeddedError(Exception):
    """A server or a stack cannot start, or has ended.

    The message is one line for a person: what is wrong, and what to do about it. After a newline
    it may quote a log.
    """
