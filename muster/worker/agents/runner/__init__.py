"""What runs an agent whose output is made for programs: people read it, the shim is told of it.

It runs in the attempt's room, with a bare interpreter, at the beginning of every stage of such an
agent: the standard library alone, and little of it.
"""
