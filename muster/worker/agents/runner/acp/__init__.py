"""Speaks with an agent by the Agent Client Protocol, version 1, as its client: the standard library
alone. https://agentclientprotocol.com"""
