"""The error of benchmarks."""


class NotMeasured(Exception):
    """Something did not work that the figures need; the message says what."""
