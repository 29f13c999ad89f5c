"""Attempts on this machine: from an order to the report of its result."""
