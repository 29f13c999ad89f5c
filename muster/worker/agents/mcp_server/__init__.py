"""A server of the Model Context Protocol, by which an agent asks people and tells how far it is.

The agent starts it, in its room and with its rights, and speaks with it over standard input and
output. Standard library only.
"""
