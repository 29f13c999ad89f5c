"""What runs on a machine: one daemon, and one shim process for each attempt.

It imports `muster.protocol` and nothing else of ours.
"""
