"""A terminal over the network: Muster compared with terminado, a bare relay, and its bare parts.

All serve the same shells, and one client views all of them.
"""
