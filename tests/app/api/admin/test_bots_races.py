"""Bots and their bindings when many work on them at once."""

from flask import Flask
from sqlalchemy import func, select

from app.domain.chat import BotPlatform
from app.domain.errors import NotFound
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Bot, BotBinding, Developer
from app.services.notify import bindings, bots
from app.services.notify.bindings import ChatBound
from app.services.project_deletion import deletion
from tests.app.services.accounts.test_auth_sessions import at_once
from tests.factories import make_bot, make_developer, make_project


def actor(developer_id: int) -> Developer:
    """The developer in the thread's own session."""
    return db.session.get_one(Developer, developer_id)


def test_of_many_who_make_the_bot_of_an_app_at_once_one_wins(committed_app: Flask) -> None:
    boss = make_developer(role=SystemRole.ADMIN).id
    secrets = {"app_secret": "xoxb-1", "webhook_token": "sign"}

    def act(_: int) -> Bot:
        return bots.create(
            actor(boss), platform=BotPlatform.SLACK, name="Bot", app_id="A1", **secrets
        )

    results = at_once(committed_app, 4, act)
    assert sorted(type(r).__name__ for r in results) == ["AlreadyExists"] * 3 + ["Bot"]
    assert db.session.scalar(select(func.count()).select_from(Bot)) == 1


def test_of_many_who_take_an_app_for_their_bot_at_once_one_wins(committed_app: Flask) -> None:
    boss = make_developer(role=SystemRole.ADMIN).id
    theirs = [make_bot().id for _ in range(4)]
    results = at_once(
        committed_app, 4, lambda index: bots.update(actor(boss), theirs[index], app_id="A-new")
    )
    assert sorted(type(r).__name__ for r in results) == ["AlreadyExists"] * 3 + ["Bot"]
    taken = select(func.count()).select_from(Bot).where(Bot.app_id == "A-new")
    assert db.session.scalar(taken) == 1


def test_of_many_who_bind_a_chat_at_once_one_wins(committed_app: Flask) -> None:
    boss, bot = make_developer(role=SystemRole.ADMIN).id, make_bot().id
    key = make_project().key
    results = at_once(
        committed_app,
        4,
        lambda _: bindings.create(actor(boss), bot, platform_chat_id="C1", project_key=key),
    )
    assert sorted(type(r).__name__ for r in results) == ["Binding"] + ["ChatBound"] * 3
    assert ChatBound.code == "chat_bound"
    assert db.session.scalar(select(func.count()).select_from(BotBinding)) == 1


def test_a_bot_that_is_deleted_while_a_chat_is_bound_leaves_no_binding(
    committed_app: Flask,
) -> None:
    boss, key = make_developer(role=SystemRole.ADMIN).id, make_project().key
    for _ in range(5):
        bot = make_bot()

        def act(index: int, bot_id: int = bot.id) -> object:
            if index == 0:
                return bots.delete(actor(boss), bot_id)
            return bindings.create(
                actor(boss), bot_id, platform_chat_id=f"C{index}", project_key=key
            )

        deleted, *bound = at_once(committed_app, 3, act)
        assert deleted is None
        assert all(isinstance(r, bindings.Binding | NotFound) for r in bound)
        assert db.session.scalar(select(func.count()).select_from(BotBinding)) == 0
        db.session.rollback()


def test_a_project_that_is_deleted_while_a_chat_is_bound_leaves_no_binding(
    committed_app: Flask,
) -> None:
    boss, bot = make_developer(role=SystemRole.ADMIN).id, make_bot().id
    for _ in range(5):
        project = make_project()

        def act(index: int, key: str = project.key) -> object:
            if index == 0:
                return deletion.delete(actor(boss), key)
            chat = f"{key}{index}"
            return bindings.create(actor(boss), bot, platform_chat_id=chat, project_key=key)

        at_once(committed_app, 3, act)
        assert db.session.scalar(select(func.count()).select_from(BotBinding)) == 0
        db.session.rollback()
