"""Notifications: from a committed event to delivered messages."""
