"""The conversation between the server and a machine, and nothing else.

Both sides import this package; it imports neither. `frames` defines what can be said, `codec`
turns it into WebSocket frames and back, `version` says who understands whom.
"""
