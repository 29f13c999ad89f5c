"""Images attached to tasks: uploaded first, then used by one task or follow-up.

`Task.images` describes a task's images, so that neither pages nor orders query for them. Only
those who read an image's bytes do.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import undefer

from app.domain import field_errors, image
from app.domain.errors import InvalidFields, NotFound
from app.domain.field_errors import InvalidValue
from app.domain.image import TooManyImages
from app.domain.roles import Permission
from app.extensions import db
from app.models import Attempt, Developer, Project, Task, TaskImage
from app.services import rights
from app.services.accounts import developers
from app.services.clock import now
from app.services.projects import projects
from app.services.tasks import queries

_DESCRIBED = ("id", "name", "media_type", "size_bytes", "width", "height", "sha256")


def upload(actor: Developer, key: str, data: bytes, name: str = "") -> dict[str, Any]:
    """Store an image for a new task or follow-up of the project. Returns its description. Commits.

    Raises NotFound, Forbidden, ProjectArchived, InvalidFields, TooManyImages.
    """
    project = _get_project(actor, key)
    projects.require_active(project)
    try:
        facts = image.read_facts(data)
    except InvalidValue as error:
        raise InvalidFields({"body": [error.error]}) from error
    developers.lock_developer(actor.id)  # simultaneous uploads would exceed the limit
    count = select(func.count()).where(
        TaskImage.created_by == actor.id, TaskImage.unused_since.is_not(None)
    )
    if (db.session.scalar(count) or 0) >= image.MAX_UNUSED:
        raise TooManyImages
    made = TaskImage(
        project_id=project.id,
        created_by=actor.id,
        unused_since=now(),
        name=image.clean_name(name, facts),
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        **facts._asdict(),
    )
    db.session.add(made)
    db.session.flush()
    described = _describe(made)
    db.session.commit()
    return described


def delete_upload(actor: Developer, image_id: int) -> None:
    """Delete an own image that no task uses. Commits. Raises NotFound."""
    found = db.session.get(TaskImage, image_id, with_for_update=True)
    is_own = found is not None and found.created_by == actor.id and found.task_id is None
    if found is None or not is_own or not actor.access_scope.covers(found.project_id):
        raise NotFound(f"Image {image_id} not found.")
    db.session.delete(found)
    db.session.commit()


def lock_uploads(
    actor: Developer,
    project_id: int,
    image_ids: Sequence[int],
    *,
    used: int = 0,
    follow_up: int | None = None,
) -> list[dict[str, Any]]:
    """Return the descriptions of the actor's unused images, for `Task.images`, and lock them for
    `attach`. Costs nothing without images. Raises InvalidFields.

    `used` is how many images the task already has, `follow_up` the number of the follow-up that
    they are for.
    """
    if not image_ids:
        return []
    if used + len(image_ids) > image.MAX_PER_TASK:
        many = field_errors.TOO_MANY_OF_TASK(max=image.MAX_PER_TASK)
        raise InvalidFields({"imageIds": [many]})
    query = select(TaskImage).where(TaskImage.id.in_(image_ids), *_is_unused(actor, project_id))
    query = query.order_by(TaskImage.id).with_for_update()
    found = {row.id: row for row in db.session.scalars(query)}
    wrong = {
        f"imageIds.{at}": [field_errors.NO_SUCH_IMAGE]
        for at, image_id in enumerate(image_ids)
        if image_id not in found or image_id in image_ids[:at]
    }
    if wrong:
        raise InvalidFields(wrong)
    return [_describe(found[image_id]) | {"followUp": follow_up} for image_id in image_ids]


def attach(task_id: int, described: Sequence[Mapping[str, Any]]) -> None:
    """Give the locked images to the task, whose row exists. The caller commits."""
    if described:
        theirs = update(TaskImage).where(TaskImage.id.in_([each["id"] for each in described]))
        db.session.execute(theirs.values(task_id=task_id, unused_since=None))


def attach_to_follow_up(
    task: Task, actor: Developer, number: int, image_ids: Sequence[int]
) -> None:
    """Give the actor's unused images to the task's follow-up with that number. The caller holds the
    task's lock, and commits. Raises InvalidFields.
    """
    described = lock_uploads(
        actor, task.project_id, image_ids, used=len(task.images), follow_up=number
    )
    attach(task.id, described)
    if described:
        task.images = [*task.images, *described]


def delete_of_follow_up(task: Task, number: int) -> None:
    """Delete the images of a follow-up that was withdrawn. The caller holds the task's lock, and
    commits.
    """
    gone = [each["id"] for each in task.images if each["followUp"] == number]
    if gone:
        db.session.execute(delete(TaskImage).where(TaskImage.id.in_(gone)))
        task.images = [each for each in task.images if each["followUp"] != number]


def read(actor: Developer, task_id: int, image_id: int) -> TaskImage:
    """Return an image of the task, with its bytes. Raises NotFound."""
    queries.get(actor, task_id)
    query = select(TaskImage).where(TaskImage.id == image_id, TaskImage.task_id == task_id)
    return _read(query, image_id)


def read_for_machine(machine_id: uuid.UUID, image_id: int) -> TaskImage:
    """Return an image, with its bytes, of a task whose latest attempt the machine works on. Raises
    NotFound.
    """
    live = select(Attempt.task_id).where(
        Attempt.machine_id == machine_id, Attempt.ended_at.is_(None)
    )
    return _read(
        select(TaskImage).where(TaskImage.id == image_id, TaskImage.task_id.in_(live)), image_id
    )


def delete_of_project(project_id: int) -> None:
    """Delete all images of a project that is being deleted. The caller commits."""
    doomed = delete(TaskImage).where(TaskImage.project_id == project_id)
    db.session.execute(doomed, execution_options={"synchronize_session": False})
    emptied = update(Task).where(Task.project_id == project_id, Task.images != [])
    db.session.execute(emptied.values(images=[]))


def _describe(row: TaskImage) -> dict[str, Any]:
    names = {"media_type": "mediaType", "size_bytes": "sizeBytes"}
    return {names.get(name, name): getattr(row, name) for name in _DESCRIBED}


def _get_project(actor: Developer, key: str) -> Project:
    project = projects.get(actor, key, hold=True)
    rights.require(Permission.CREATE_TASK, actor, project)
    return project


def _is_unused(actor: Developer, project_id: int) -> tuple[Any, ...]:
    return (
        TaskImage.created_by == actor.id,
        TaskImage.project_id == project_id,
        TaskImage.unused_since.is_not(None),
    )


def _read(query: Any, image_id: int) -> TaskImage:
    found: TaskImage | None = db.session.scalar(query.options(undefer(TaskImage.data)))
    if found is None:
        raise NotFound(f"Image {image_id} not found, or you don't have access.")
    return found
