"""The error of the operators' commands."""


class OperateError(Exception):
    """The command can't continue. The message is for people: the problem and the next step."""
