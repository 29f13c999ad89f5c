"""Files that turn a host into a machine: a script, the worker's wheel, and the server's identity.
Nothing here reads the database; addresses and paths are parameters.
"""
