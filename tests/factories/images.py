"""Images of tasks."""

import hashlib
from typing import Any

from app.models import Developer, Project, Task, TaskImage
from tests.factories.rows import now, stored
from tests.image_files import make_png


def make_image(
    project: Project, developer: Developer, task: Task | None = None, **fields: Any
) -> TaskImage:
    """A developer's image that the task uses, or that none uses yet."""
    data = make_png()
    defaults = {
        "project_id": project.id,
        "created_by": developer.id,
        "task_id": task.id if task else None,
        "unused_since": None if task else now(),
        "name": "shot.png",
        "media_type": "image/png",
        "size_bytes": len(data),
        "width": 3,
        "height": 2,
        "sha256": hashlib.sha256(data).hexdigest(),
        "data": data,
    }
    made = stored(TaskImage, defaults, fields)
    if task:
        about = {"mediaType": "image/png", "sizeBytes": len(data), "width": 3, "height": 2}
        known = {"id": made.id, "name": made.name, "sha256": made.sha256, "followUp": None}
        task.images = [*(task.images or []), {**known, **about}]
    return made
