"""Saved views: named filters of the task list."""

from typing import Any

from sqlalchemy import Select, func, select

from app.domain.drafts import MAX_VIEWS
from app.domain.errors import Conflict, NotFound
from app.extensions import db
from app.models import Developer, SavedView
from app.services.accounts import developers
from app.services.clock import now


class TooManyViews(Conflict):
    """You have the maximum number of views. Delete one first."""

    code = "too_many_views"


def listing(actor: Developer) -> Select[SavedView]:
    """Return the query of the developer's own views."""
    return select(SavedView).where(SavedView.developer_id == actor.id)


def create(
    actor: Developer, *, name: str, query: str, position: int | None = None, pinned: bool = True
) -> SavedView:
    """Store a view, by default after the others. Commits. Raises TooManyViews."""
    developers.lock_current(actor)  # so that they are counted one after the other
    mine = select(func.count(), func.max(SavedView.position))
    count, last = db.session.execute(mine.where(SavedView.developer_id == actor.id)).one()
    if count >= MAX_VIEWS:
        raise TooManyViews
    if position is None:
        position = 0 if last is None else min(last + 1, 2**31 - 1)
    moment = now()
    view = SavedView(
        developer_id=actor.id,
        name=name,
        query=query,
        position=position,
        pinned=pinned,
        created_at=moment,
        updated_at=moment,
    )
    db.session.add(view)
    db.session.commit()
    return view


def update(actor: Developer, view_id: int, **fields: Any) -> SavedView:
    """Change the given fields; the others stay. Commits. Raises NotFound, also for another's
    view.
    """
    view = _own_view(actor, view_id)
    for name, value in fields.items():
        setattr(view, name, value)
    view.updated_at = now()
    db.session.commit()
    return view


def delete(actor: Developer, view_id: int) -> None:
    """Delete a view. Commits. Raises NotFound, also for another's."""
    db.session.delete(_own_view(actor, view_id))
    db.session.commit()


def _own_view(actor: Developer, view_id: int) -> SavedView:
    view = db.session.get(SavedView, view_id, with_for_update=True, populate_existing=True)
    if view is None or view.developer_id != actor.id:
        raise NotFound("View not found.")
    return view
