"""The API's description, for programs (OpenAPI) and for people (a page)."""

from typing import Any

from flask import Response, current_app

from app.api.blueprint import Blueprint
from app.api.openapi import html_page

blp = Blueprint("docs", __name__, url_prefix="/api", description="This documentation")


@blp.get("/openapi.json")
@blp.response(200, {"type": "object"}, description="An OpenAPI document")
def get_openapi() -> Response:
    """Get this API as an OpenAPI 3.1 document."""
    return Response(_api_description().json, mimetype="application/json")


@blp.get("/docs")
@blp.response(200, {"type": "string"}, content_type=html_page.MEDIA_TYPE, headers=html_page.HEADERS)
def get_docs() -> Response:
    """Get this API as an HTML page, which loads no other resources."""
    return Response(
        _api_description().page, content_type=html_page.CONTENT_TYPE, headers=html_page.POLICY
    )


def _api_description() -> Any:
    return current_app.extensions["api_description"]
