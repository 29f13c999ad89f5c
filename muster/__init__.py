"""The package that Muster's machines install, under a name of its own in site-packages.

`muster.protocol` defines the messages between both sides; apart from the version, the server
imports only that. Nothing in here imports `app`.
"""

__version__ = "0.1.0"
"""Muster's only version number: the packages, `--version` and `/healthz` read it from here."""
