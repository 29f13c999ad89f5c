"""The error of what operators run."""


class OperateError(Exception):
    """It cannot go on. The message is for a person: what went wrong, and what to do about it."""
