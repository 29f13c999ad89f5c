"""The worker of a machine: one daemon, and one shim process for each attempt.

Of our packages it imports only `muster.protocol`.
"""
