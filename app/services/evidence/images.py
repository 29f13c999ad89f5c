"""A bundle's images: those that people attached to the task and its follow-ups."""

from collections.abc import Callable, Iterator

from sqlalchemy import select

from app.domain.image import EXTENSIONS
from app.extensions import db
from app.models import Task, TaskImage
from app.services.evidence.parts import CHUNK_BYTES, Part


def parts(task: Task) -> Iterator[Part]:
    """Return the task's images, as they were uploaded. `task.json` describes them."""
    for image in task.images:
        name = f"images/{image['id']}.{EXTENSIONS[image['mediaType']]}"
        yield Part(name, _image_reader(task.id, image["id"]))


def _image_reader(task_id: int, image_id: int) -> Callable[[], Iterator[bytes]]:
    def read() -> Iterator[bytes]:
        query = select(TaskImage.data).where(TaskImage.id == image_id, TaskImage.task_id == task_id)
        data = db.session.scalar(query) or b""
        db.session.close()
        for at in range(0, len(data), CHUNK_BYTES):
            yield data[at : at + CHUNK_BYTES]

    return read
