"""Attempts on this machine: from an order to what was reported of its end."""
