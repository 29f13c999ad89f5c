"""Generated files that are streamed, with an `ETag`."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, current_app, request

from app.api import response_limits
from app.api.streaming import stream_in_contexts


def openapi_headers(same: str) -> dict[str, Any]:
    """Return the response headers for the document. `same`: what the `ETag` depends on, as text."""
    text = {"required": True, "schema": {"type": "string"}}
    return {"ETag": {**text, "description": same}, "Content-Disposition": text}


def openapi_parameters(what: str) -> list[dict[str, Any]]:
    """Return the request headers for the document. `what`: the requested resource, as text."""
    about = f"an `ETag`: send {what} only if it has a different one"
    named = {"in": "header", "name": "If-None-Match", "required": False}
    return [{**named, "schema": {"type": "string"}, "description": about}]


def attachment_response(
    pieces: Iterator[bytes], content_type: str, name: str, etag: str
) -> Response:
    """Return the file in chunks, or 304 if the client has it. Counts as a long response."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    response = app.response_class(stream_in_contexts(app, pieces), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.automatically_set_content_length = False  # to measure it, Flask would generate it all
    response.set_etag(etag)
    response.make_conditional(request)  # If-None-Match
    return response_limits.limit_response(response)
