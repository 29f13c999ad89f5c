"""The one way out of a room whose network is not open: a proxy outside of it, and its rules.

Standard library and siblings only: the proxy is a process that starts with each such stage, the
shim starts it, and a room's first process hands it its listener.
"""
