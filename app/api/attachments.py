"""Files that are made while they are taken, and that have an `ETag`."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, current_app, request

from app.api import response_limits
from app.api.streaming import stream_in_contexts


def openapi_headers(same: str) -> dict[str, Any]:
    """The answer's headers, for the document. `same`: what the `ETag` goes by, in words."""
    text = {"required": True, "schema": {"type": "string"}}
    return {"ETag": {**text, "description": same}, "Content-Disposition": text}


def openapi_parameters(what: str) -> list[dict[str, Any]]:
    """The request's headers, for the document. `what`: what is asked for, in words."""
    about = f"an `ETag`: {what} is wanted if it is another now"
    named = {"in": "header", "name": "If-None-Match", "required": False}
    return [{**named, "schema": {"type": "string"}, "description": about}]


def attachment_response(
    pieces: Iterator[bytes], content_type: str, name: str, etag: str
) -> Response:
    """The file in chunks, or 304 where the client has it; counted as a long answer."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    response = app.response_class(stream_in_contexts(app, pieces), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.automatically_set_content_length = False  # it would make all of it, to measure it
    response.set_etag(etag)
    response.make_conditional(request)  # If-None-Match
    return response_limits.limit_response(response)
