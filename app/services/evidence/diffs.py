"""What a bundle has of a task's changes: patches, as machines have sent them."""

from app.models import Task
from app.services.evidence.parts import Part


def of_task(task: Task) -> list[Part]:
    """The patches that are kept of the task."""
    return []
