"""The error of demos."""


class DemoError(Exception):
    """A demo cannot go on. The message is for a person: what went wrong, and what to do about
    it.
    """
