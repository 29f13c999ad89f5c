"""Task drafts, kept until they become tasks."""

from typing import Any

from sqlalchemy import Select, func, select

from app.domain import agents, budget
from app.domain.drafts import MAX_DRAFTS
from app.domain.errors import Conflict, NotFound
from app.extensions import db
from app.models import Developer, TaskDraft
from app.services.accounts import developers
from app.services.clock import now

_CONVERTERS = {"agent_options": agents.exclude_none, "budget": budget.exclude_none}


class TooManyDrafts(Conflict):
    """You have the maximum number of task drafts. Delete one first."""

    code = "too_many_drafts"


def listing(actor: Developer) -> Select[TaskDraft]:
    """Return the query of the developer's own drafts."""
    return select(TaskDraft).where(TaskDraft.developer_id == actor.id)


def create(actor: Developer, **fields: Any) -> TaskDraft:
    """Store a draft; `fields` are those of a new task, as far as they exist. Commits.

    Raises TooManyDrafts.
    """
    developers.lock_current(
        actor
    )  # two tabs that create a draft at once are counted one after the other
    mine = select(func.count()).where(TaskDraft.developer_id == actor.id)
    if (db.session.scalar(mine) or 0) >= MAX_DRAFTS:
        raise TooManyDrafts
    moment = now()
    draft = TaskDraft(
        developer_id=actor.id, description="", priority=0, created_at=moment, updated_at=moment
    )
    _set_fields(draft, fields)
    db.session.add(draft)
    db.session.commit()
    return draft


def update(actor: Developer, draft_id: int, **fields: Any) -> TaskDraft:
    """Change the given fields; the others stay. Commits. Raises NotFound, also for another's
    draft.
    """
    draft = _own_draft(actor, draft_id)
    _set_fields(draft, fields)
    draft.updated_at = now()
    db.session.commit()
    return draft


def delete(actor: Developer, draft_id: int) -> None:
    """Delete a draft. Commits. Raises NotFound, also for another's."""
    db.session.delete(_own_draft(actor, draft_id))
    db.session.commit()


def _own_draft(actor: Developer, draft_id: int) -> TaskDraft:
    draft = db.session.get(TaskDraft, draft_id, with_for_update=True, populate_existing=True)
    if draft is None or draft.developer_id != actor.id:
        raise NotFound("Draft not found.")
    return draft


def _set_fields(draft: TaskDraft, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(draft, name, _CONVERTERS[name](value) if name in _CONVERTERS else value)
