"""A client of the Agent Client Protocol, version 1, with only the standard library.
https://agentclientprotocol.com
"""
