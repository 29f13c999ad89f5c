"""The error of benchmarks."""


class NotMeasured(Exception):
    """A measurement failed. The message is the reason."""
