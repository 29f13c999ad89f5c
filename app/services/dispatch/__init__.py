"""Assigning tasks to machines, and why a task waits."""
