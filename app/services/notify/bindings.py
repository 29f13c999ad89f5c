"""Bindings of bots' chats to projects."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError

from app.domain import field_errors
from app.domain.errors import ChatBound, InvalidFields, NotFound
from app.extensions import db
from app.models import Bot, BotBinding, Developer, Project
from app.services import audit, rights
from app.services.clock import now
from app.services.notify import bots
from app.services.projects import projects


@dataclass(frozen=True)
class Binding:
    """A binding, and the key of its project."""

    row: BotBinding
    project_key: str


@dataclass(frozen=True)
class BindingWithBot(Binding):
    """A binding with its bot."""

    bot: Bot


def listing(actor: Developer, bot_id: int) -> Select[BotBinding]:
    """Return the query of a bot's bindings. Raises Forbidden, NotFound."""
    rights.require_admin(actor)
    bots.lock_against_deletion(bot_id)
    return select(BotBinding).where(BotBinding.bot_id == bot_id)


def list_all(actor: Developer) -> Select[BotBinding, Bot]:
    """Return the query of the bindings of all bots, each with its bot. Raises Forbidden."""
    rights.require_admin(actor)
    return select(BotBinding, Bot).join(Bot, BotBinding.bot_id == Bot.id)


def views(rows: Iterable[BotBinding]) -> list[Binding]:
    """Return the bindings with their projects' keys, in the same order, by one query."""
    wanted = list(rows)
    query = select(Project.id, Project.key).where(Project.id.in_([r.project_id for r in wanted]))
    keys = {row.id: row.key for row in db.session.execute(query)}
    return [Binding(row, keys[row.project_id]) for row in wanted]


def views_with_bots(rows: Iterable[tuple[BotBinding, Bot]]) -> list[BindingWithBot]:
    """Return the same for rows of `list_all`."""
    found = list(rows)
    seen = zip(views(row for row, _ in found), found, strict=True)
    return [BindingWithBot(view.row, view.project_key, bot) for view, (_, bot) in seen]


def create(
    actor: Developer, bot_id: int, *, platform_chat_id: str, project_key: str, chat_name: str = ""
) -> Binding:
    """Bind a chat to a project. Commits. Raises Forbidden, NotFound, InvalidFields, ChatBound."""
    rights.require_admin(actor)
    bot = bots.lock_against_deletion(bot_id)
    project = _find_project(actor, project_key)
    row = BotBinding(
        bot_id=bot.id,
        platform_chat_id=platform_chat_id,
        project_id=project.id,
        chat_name=chat_name,
        created_at=now(),
    )
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise ChatBound from None
    fields = _audited_fields(row) | {"projectKey": project.key}
    audit.record("binding.created", "binding", row.id, actor=actor, after=fields)
    db.session.commit()
    return Binding(row, project.key)


def remove(
    actor: Developer,
    bot_id: int,
    *,
    binding_id: int | None = None,
    platform_chat_id: str | None = None,
) -> None:
    """Remove a binding, by its ID or by its chat: one of the two is given. Commits.

    Raises Forbidden, NotFound.
    """
    rights.require_admin(actor)
    gone = delete(BotBinding).where(BotBinding.bot_id == bot_id)
    if binding_id is not None:
        gone = gone.where(BotBinding.id == binding_id)
    else:
        gone = gone.where(BotBinding.platform_chat_id == platform_chat_id)
    row = db.session.scalar(gone.returning(BotBinding))
    if row is None:
        raise NotFound("Binding not found.")
    audit.record("binding.removed", "binding", row.id, actor=actor, before=_audited_fields(row))
    db.session.commit()


def remove_all(project: Project) -> None:
    """Remove all bindings of a project. The caller holds the project's lock, and commits."""
    db.session.execute(delete(BotBinding).where(BotBinding.project_id == project.id))


def _audited_fields(row: BotBinding) -> dict[str, object]:
    return {"botId": row.bot_id, "platformChatId": row.platform_chat_id}


def _find_project(actor: Developer, key: str) -> Project:
    try:
        return projects.get(actor, key, hold=True)
    except NotFound as error:
        raise InvalidFields({"projectKey": [field_errors.NO_SUCH_PROJECT]}) from error
