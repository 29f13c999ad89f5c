"""Deletions that concern several rooms."""
