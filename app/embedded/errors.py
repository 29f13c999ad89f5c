"""The error of embedded servers and stacks."""


class EmbeddedError(Exception):
    """A server or a stack can't start, or has exited.

    The message is one line for people: the problem and the next step. After a newline it may quote
    a log.
    """
