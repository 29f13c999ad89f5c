"""An image as a response: shown, but never run."""

from flask import Response, request

from app.domain import image
from app.models import TaskImage

# Whatever the bytes contain, they run nothing and load nothing.
_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
BINARY = {"type": "string", "format": "binary"}

CONTENT = {kind: {"schema": BINARY, "example": "(bytes)"} for kind in image.EXTENSIONS}
# What the content is shows the type; a header may name any.
UPLOAD = {"application/octet-stream": {"schema": BINARY, "example": "(bytes)"}}
HEADERS = {
    "ETag": {"required": True, "schema": {"type": "string"}, "description": "its SHA-256"},
    "Content-Disposition": {"required": True, "schema": {"type": "string"}},
    "Content-Security-Policy": {"required": True, "schema": {"type": "string"}},
}
PARAMETERS = [
    {
        "in": "header",
        "name": "If-None-Match",
        "required": False,
        "schema": {"type": "string"},
        "description": "an `ETag`: send the image only if it has a different one",
    }
]


def image_response(found: TaskImage) -> Response:
    """Return the image, or 304 if the client has it."""
    response = Response(found.data, content_type=found.media_type)
    # Not its own name: that is another person's text.
    name = f"image-{found.id}.{image.EXTENSIONS[found.media_type]}"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Content-Security-Policy"] = _POLICY
    response.set_etag(found.sha256)
    response.make_conditional(request)  # If-None-Match
    return response
