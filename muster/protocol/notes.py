"""Texts in machines' notes that the server searches for."""

CHANGES_UNKNOWN = "what has changed cannot be told: "
"""Precedes the reason why a machine couldn't compare two commits."""
