"""A limit on concurrent long responses per developer and process.

A client can read a response slowly, and holds some memory here all that time.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator

from flask import Flask, Response, current_app, g, request

from app import sockets
from app.domain.errors import TooManyRequests
from app.services import settings

LONG_RESPONSE_BYTES = 256 * 1024
RETRY_SECONDS = 5
MAX_CONCURRENT_CHUNKS = 2


class ResponseLimiter:
    """The number of current long responses per developer.

    `turns` limits how many chunks are built at a time, so that other requests don't wait for a
    processor or for Postgres.
    """

    def __init__(self) -> None:
        self.chunk_semaphore = threading.Semaphore(MAX_CONCURRENT_CHUNKS)
        self._lock = threading.Lock()
        self._open_responses: Counter[int] = Counter()

    def acquire(self, developer_id: int, most: int) -> bool:
        """Count one more, if the limit allows it."""
        with self._lock:
            if self._open_responses[developer_id] >= most:
                return False
            self._open_responses[developer_id] += 1
            return True

    def release(self, developer_id: int) -> None:
        with self._lock:
            self._open_responses[developer_id] -= 1
            if not self._open_responses[developer_id]:
                del self._open_responses[developer_id]


def install(app: Flask) -> None:
    """Install the counting of responses that turn out to be long."""
    app.extensions["response_limiter"] = ResponseLimiter()
    app.after_request(_limit_if_long)


def limit_response(response: Response) -> Response:
    """Return the response, which counts until it's completely sent. Raises TooManyRequests."""
    reads: ResponseLimiter = current_app.extensions["response_limiter"]
    developer_id = g.developer.id
    if not reads.acquire(developer_id, settings.value("readsPerDeveloper")):
        raise TooManyRequests(RETRY_SECONDS)
    is_over = False

    def end() -> None:
        nonlocal is_over
        if not is_over:
            is_over = True
            reads.release(developer_id)

    response.call_on_close(end)
    if response.is_streamed:
        sockets.limit_unsent_bytes(request.environ)
        response.response = _limit_chunks(response.iter_encoded(), reads.chunk_semaphore, end)
    return response


def _limit_chunks(
    pieces: Iterator[bytes], turns: threading.Semaphore, end: Callable[[], None]
) -> Iterator[bytes]:
    """Yield the same chunks, of which only a few are built at a time; calls `end` at the end."""
    try:
        while True:
            with turns:
                piece = next(pieces, None)
            if piece is None:
                return
            if piece:  # an empty chunk ends a turn
                yield piece
    finally:
        end()


def _limit_if_long(response: Response) -> Response:
    is_long = not response.is_streamed and (response.content_length or 0) > LONG_RESPONSE_BYTES
    if not is_long or "developer" not in g:
        return response
    try:
        return limit_response(response)
    except TooManyRequests as error:  # too late for Flask to find its handler
        return current_app.make_response(current_app.handle_user_exception(error))
