"""What machines of Muster's run, under a name that can live in anybody's site-packages.

`muster.protocol` is what both sides say to each other, and the server imports that alone. Nothing
in here imports `app`.
"""

__version__ = "0.1.0"
"""Of all of Muster, and nowhere else: the packages, `--version` and `/healthz` read it here."""
