"""Streamed response bodies, too large to be made at once."""

from collections.abc import Iterator

from flask import Flask


def stream_in_contexts(app: Flask, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, each made in an app context of its own: no connection to Postgres is held
    while the client receives a piece. Empty ones are those of long work; others may work between.
    """
    while True:
        with app.app_context():  # its end returns the connection to the pool
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
