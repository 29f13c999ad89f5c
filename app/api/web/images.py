"""Images of tasks: uploaded for a project, and read from the task that uses them."""

from typing import Any

from flask import Response, request

from app.api import image_response
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.images import ImageQuery, ImageSchema
from app.domain.errors import Forbidden, InvalidFields, ProjectArchived
from app.domain.image import TooManyImages
from app.services.tasks import images

blp = Blueprint("images", __name__, url_prefix="/api/web", description="Images of tasks")


@blp.post("/projects/<key>/images")
@blp.arguments(ImageQuery, location="query")
@blp.response(201, ImageSchema)
@blp.doc(requestBody={"content": image_response.UPLOAD, "required": True})
@problems(blp, Forbidden, InvalidFields, ProjectArchived, TooManyImages)
def upload_image(query: dict[str, Any], key: str) -> dict[str, Any]:
    """Upload an image for a task or follow-up of the project: PNG, JPEG or WebP, up to 5 MiB.

    It's deleted after 24 h unless one uses it (`imageIds`).
    """
    return images.upload(current_developer(), key, request.get_data(), query["name"])


@blp.delete("/images/<int:image_id>")
@blp.response(200, Empty)
def delete_image(image_id: int) -> dict[str, Any]:
    """Delete an image that you uploaded and that no task uses."""
    images.delete_upload(current_developer(), image_id)
    return {}


@blp.get("/tasks/<int:task_id>/images/<int:image_id>", parameters=image_response.PARAMETERS)
@blp.response(200, image_response.BINARY, content_type="image/png")
@blp.doc(responses={200: {"content": image_response.CONTENT, "headers": image_response.HEADERS}})
@blp.alt_response(304, description="Matches If-None-Match", success=True)
def get_image(task_id: int, image_id: int) -> Response:
    """Get an image of a task."""
    return image_response.image_response(images.read(current_developer(), task_id, image_id))
