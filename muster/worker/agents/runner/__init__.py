"""Run an agent with machine-readable output: show it to people, and report it to the shim.

It runs in the attempt's sandbox, with a bare interpreter, at the start of every stage of such an
agent: only the standard library, and little of it.
"""
