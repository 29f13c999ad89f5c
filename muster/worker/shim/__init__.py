"""The small process that owns an attempt's terminal and outlives the daemon, and its client."""
