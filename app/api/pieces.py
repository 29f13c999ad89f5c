"""Bodies that are too large to be made at once."""

from collections.abc import Iterator

from flask import Flask


def in_contexts(app: Flask, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces. No connection is held while the client takes its time."""
    while True:
        with app.app_context():  # one for each piece: its end returns the connection
            piece = next(pieces, None)
        if piece is None:
            return
        if piece:
            yield piece
