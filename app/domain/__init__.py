"""Business rules: standard library only; no clock, no generated ids, no I/O."""
