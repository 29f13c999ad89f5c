"""Maintained counts, never computed: sums of the moves that triggers write."""
