"""The only network access of a sandbox without an open network: a proxy outside of it, and its
rules.

Standard library and siblings only: the proxy is a process that the shim starts with each such
stage, and a sandbox's first process passes it the listener.
"""
