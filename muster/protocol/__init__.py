"""The protocol between the server and its machines.

Both sides import this package; it imports neither. `frames` defines the messages, `codec` encodes
and decodes them as WebSocket messages, `version` defines which versions are compatible.
"""
