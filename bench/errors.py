"""What keeps a benchmark from measuring."""


class NotMeasured(Exception):
    """Something did not work that the figures need; the message says what."""
