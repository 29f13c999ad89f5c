"""`worker doctor`: what this machine lacks, and what mends it."""
