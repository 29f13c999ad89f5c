"""Shared uses of Redis: presence counts and subscriptions."""
