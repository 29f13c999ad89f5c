"""Deletions across several packages."""
