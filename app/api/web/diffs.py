"""Changes of tasks."""

import secrets
import zlib
from typing import Any

from flask import Flask, Response, current_app, request

from app.api import diff_response, response_limits
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.api.schemas.diffs import DiffFilter, FileFilter, TaskDiffSchema
from app.api.streaming import stream_in_contexts
from app.domain import field_errors, media_type
from app.domain.diff import FileLeftOut, NoDiff, NoFile, PatchLeftOut
from app.domain.errors import InvalidFields
from app.models import Change
from app.services.changes import whitespace_filter
from app.services.tasks import diffs
from app.services.tasks.diffs import DiffSelector

PATCH = "text/x-patch"
# Whatever the file contains, it runs nothing and loads nothing.
SANDBOX_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

_BINARY = {"type": "string", "format": "binary"}
_ETAG = {"ETag": {"required": True, "schema": {"type": "string"}}}
_EXAMPLE = "diff --git a/README b/README\n…\n"
_PATCH = {"content": {PATCH: {"schema": _BINARY, "example": _EXAMPLE}}, "headers": _ETAG}
_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "text/plain")
_FILE = {
    "content": {kind: {"schema": _BINARY} for kind in _TYPES},
    "headers": {
        **_ETAG,
        "Content-Security-Policy": {"required": True, "schema": {"type": "string"}},
    },
}
_PARAMETERS = [
    {
        "in": "header",
        "name": "If-None-Match",
        "required": False,
        "schema": {"type": "string"},
        "description": "an `ETag`: send the response only if it has a different one",
    }
]

blp = Blueprint("diffs", __name__, url_prefix="/api/web/tasks", description="Diffs")


@blp.get("/<int:task_id>/diff", parameters=_PARAMETERS)
@blp.arguments(DiffFilter, location="query")
@blp.response(200, TaskDiffSchema)
@blp.doc(responses={200: _PATCH})
@blp.alt_response(304, description="Matches If-None-Match", success=True)
@problems(blp, NoDiff, NoFile, PatchLeftOut)
def get_diff(query: dict[str, Any], task_id: int) -> Response:
    """Get a task's changes, file by file; `Accept: text/x-patch` for input of `git apply`.

    A page ends early if it would exceed 4 MiB.
    """
    which = DiffSelector(query["stage"], query["attempt"], query["round"])
    change = diffs.find_change(current_developer(), task_id, which)
    if _accepts_patch():
        if query["ignore_whitespace"]:
            raise InvalidFields({"ignoreWhitespace": [field_errors.NO_PATCH]})
        return _patch_response(change, query["path"])
    seen = (query["path"], query["ignore_whitespace"], query["offset"])
    response = _conditional_response(f"diff-{change.id}-{zlib.crc32(repr(seen).encode()):x}")
    if response.status_code != 304:
        most, path = diff_response.MAX_FILES_BYTES, query["path"]
        page = diffs.read_page(change, most, offset=query["offset"], path=path)
        compared = None
        if query["ignore_whitespace"]:
            compared = whitespace_filter.filter_page(change, page.files, current_developer().id)
            if compared.is_limited:  # read again, because it may have grown
                response.set_etag(f"diff-{change.id}-{secrets.token_hex(8)}")
        response.data = diff_response.encode_page(change, page, compared)
    return response


def _accepts_patch() -> bool:
    offered = ["application/json", PATCH]
    return request.accept_mimetypes.best_match(offered, offered[0]) == PATCH


def _conditional_response(etag: str) -> Response:
    """Return an empty response: 304 if the client already has it."""
    response = Response(content_type="application/json")
    response.headers["Vary"] = "Accept"
    response.set_etag(etag)
    response.make_conditional(request)
    return response


def _patch_response(change: Change, path: str | None) -> Response:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    pieces = diffs.read_patch(change, path)
    response = app.response_class(stream_in_contexts(app, pieces), content_type=PATCH)
    response.headers["Vary"] = "Accept"
    response.set_etag(f"patch-{change.id}-{zlib.crc32(repr(path).encode()):x}")
    response.make_conditional(request)
    return response_limits.limit_response(response)


@blp.get("/<int:task_id>/files", parameters=_PARAMETERS)
@blp.arguments(FileFilter, location="query")
@blp.response(200, _BINARY, content_type=media_type.OCTET_STREAM)
@blp.doc(responses={200: _FILE})
@blp.alt_response(304, description="Matches If-None-Match", success=True)
@problems(blp, NoDiff, NoFile, FileLeftOut)
def get_file(query: dict[str, Any], task_id: int) -> Response:
    """Get a changed file as it was at a commit at which a diff starts or ends."""
    found = diffs.read_file(current_developer(), task_id, query["commit"], query["path"])
    response = Response(found.data, content_type=media_type.detect(found.data))
    response.headers["Content-Security-Policy"] = SANDBOX_POLICY
    response.set_etag(found.blob)
    response.make_conditional(request)
    return response
