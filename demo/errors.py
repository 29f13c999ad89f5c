"""What stops a demo."""


class DemoError(Exception):
    """Its message is meant for a person: what went wrong, and what to do about it."""
