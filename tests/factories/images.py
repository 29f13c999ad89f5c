"""Images of tasks."""

import hashlib
from typing import Any

from app.models import Developer, Project, Task, TaskImage
from tests.factories.rows import now, stored
from tests.image_files import make_png

_DATA = make_png()
_FACTS = {"width": 3, "height": 2, "sha256": hashlib.sha256(_DATA).hexdigest()}
_COLUMNS = {"media_type": "image/png", "size_bytes": len(_DATA), "data": _DATA, "name": "shot.png"}


def make_unused_image(project: Project, developer: Developer, **fields: Any) -> TaskImage:
    """A developer's image that no task uses yet."""
    owned = {"project_id": project.id, "created_by": developer.id, "unused_since": now()}
    return stored(TaskImage, {**owned, **_COLUMNS, **_FACTS}, fields)


def make_image(task: Task, follow_up: int | None = None, **fields: Any) -> TaskImage:
    """An image of the task, or of its follow-up with that number."""
    owned = {"project_id": task.project_id, "created_by": task.created_by, "task_id": task.id}
    made = stored(TaskImage, {**owned, **_COLUMNS, **_FACTS}, fields)
    about = {"mediaType": "image/png", "sizeBytes": len(_DATA), **_FACTS}
    known = {"id": made.id, "name": made.name, "followUp": follow_up}
    task.images = [*(task.images or []), {**known, **about}]
    return made
