"""Texts of a machine's notes that the server looks for again."""

CHANGES_UNKNOWN = "what has changed cannot be told: "
"""Before the reason why a machine could not compare two commits."""
