"""What a host needs to become a machine: a script, the worker's wheel, and by what the server is
known. No part of it asks the database; addresses and paths come in.
"""
