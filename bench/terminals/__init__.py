"""A terminal over the network: Muster's beside terminado's, a bare relay's, and its own bare parts.

The same shells are served by all of them, and one client looks at all of them.
"""
