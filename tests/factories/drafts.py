"""What people keep for later: drafts and views."""

from typing import Any

from app.models import Developer, SavedView, TaskDraft
from tests.factories.rows import now, stored


def make_draft(developer: Developer, **fields: Any) -> TaskDraft:
    """A draft that names nothing yet."""
    defaults = {
        "developer_id": developer.id,
        "description": "Speed up",
        "priority": 0,
        "created_at": now(),
        "updated_at": now(),
    }
    return stored(TaskDraft, defaults, fields)


def make_saved_view(developer: Developer, **fields: Any) -> SavedView:
    """A view of what has failed."""
    defaults = {
        "developer_id": developer.id,
        "name": "Failed",
        "query": "status=failed",
        "position": 0,
        "pinned": True,
        "created_at": now(),
        "updated_at": now(),
    }
    return stored(SavedView, defaults, fields)
