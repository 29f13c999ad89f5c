"""Streamed response bodies that are too large to build at once."""

from collections.abc import Iterator

from flask import Flask


def stream_in_contexts(app: Flask, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same chunks, each built in its own app context.

    No Postgres connection is held while the client receives a chunk. Empty chunks come from long
    work; others may run in between.
    """
    while True:
        with app.app_context():  # its end returns the connection to the pool
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
