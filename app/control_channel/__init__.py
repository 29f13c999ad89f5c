"""The control channel: one connection per machine, orders computed from rows."""
