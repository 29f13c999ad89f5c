"""Whether a session still holds: one rule, for an event stream and for a terminal's socket."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from flask import Flask

from app.domain.attempt import AttemptPhase
from app.domain.errors import InvalidToken
from app.domain.task import TaskStatus
from app.domain.terminal import TerminalMode, Verdict
from app.extensions import db
from app.models import Developer, PersonalToken, Task
from app.services.accounts import auth, personal_tokens, sessions
from app.services.accounts.logins import TokenPair
from app.services.accounts.sessions import DeveloperSession
from app.services.clock import now
from app.services.notify import stream_batch
from app.services.terminals import socket_checks
from app.services.terminals.terminals import ViewerGrant
from tests.app.services.statements import counted
from tests.factories import (
    PASSWORD,
    make_attempt,
    make_developer,
    make_machine,
    make_personal_token,
    make_project,
    make_task,
)


@dataclass
class World:
    """A developer who came in twice: by a login, and with a personal access token."""

    developer: Developer
    task: Task
    login: TokenPair
    token: PersonalToken
    secret: str

    def by_login(self) -> DeveloperSession:
        return sessions.from_credential(self.developer, self.login.access_token)

    def by_token(self) -> DeveloperSession:
        return sessions.from_credential(self.developer, self.secret)


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    # A refresh token that comes a second time was copied, however soon it comes.
    monkeypatch.setitem(app.config, "REFRESH_OVERLAP_SECONDS", -1)
    ada = make_developer()
    task = make_task(project=make_project(members=[ada]), creator=ada, status=TaskStatus.RUNNING)
    make_attempt(task, make_machine(), phase=AttemptPhase.RUN)
    token, secret = make_personal_token(ada)
    return World(ada, task, auth.login(ada.name, PASSWORD), token, secret)


def stream_stays(world: World, session: DeveloperSession) -> bool:
    return stream_batch.viewer_states({7: session}, now())[7].is_signed_in


def terminal_stays(world: World, session: DeveloperSession) -> bool:
    task = world.task
    grant = ViewerGrant(session, "ada", task.id, task.attempt, TerminalMode.CONTROL)
    return socket_checks.check_sockets({7: grant}, now())[7].verdict is Verdict.STAY


Stays = Callable[[World, DeveloperSession], bool]
both = pytest.mark.parametrize("stays", [stream_stays, terminal_stays])


def log_out(world: World) -> None:
    auth.logout(world.developer, world.login.refresh_token)


def come_with_a_copied_refresh_token(world: World) -> None:
    auth.refresh(world.login.refresh_token)
    with pytest.raises(InvalidToken):
        auth.refresh(world.login.refresh_token)


def change_password(world: World) -> None:
    world.developer.token_generation += 1


def disable(world: World) -> None:
    world.developer.disabled_at = now()


def revoke_token(world: World) -> None:
    personal_tokens.revoke(world.developer, world.token.id)


def let_token_expire(world: World) -> None:
    world.token.expires_at = now()


@both
@pytest.mark.parametrize(
    ("end", "login_holds", "token_holds"),
    [
        pytest.param(lambda _: None, True, True, id="nothing has happened"),
        pytest.param(log_out, False, True, id="logout"),
        pytest.param(come_with_a_copied_refresh_token, False, True, id="copied refresh token"),
        pytest.param(change_password, False, True, id="new password"),
        pytest.param(revoke_token, True, False, id="token revoked"),
        pytest.param(let_token_expire, True, False, id="token expired"),
        pytest.param(disable, False, False, id="disabled"),
    ],
)
def test_it_ends_with_what_the_developer_came_in_with(
    world: World,
    stays: Stays,
    end: Callable[[World], None],
    login_holds: bool,
    token_holds: bool,
) -> None:
    by_login, by_token = world.by_login(), world.by_token()
    end(world)
    db.session.commit()
    assert (stays(world, by_login), stays(world, by_token)) == (login_holds, token_holds)


@both
def test_another_login_and_the_same_one_refreshed_go_on(world: World, stays: Stays) -> None:
    before = world.by_login()
    world.login = auth.refresh(world.login.refresh_token)
    other = auth.login(world.developer.name, PASSWORD)
    auth.logout(world.developer, other.refresh_token)
    assert stays(world, before)
    assert not stays(world, sessions.from_credential(world.developer, other.access_token))


@both
def test_it_ends_at_its_end(world: World, stays: Stays) -> None:
    session = world.by_login()
    assert session.ends_at is not None
    ended = replace(session, ends_at=now())
    assert (stays(world, session), stays(world, ended)) == (True, False)


def test_all_of_a_process_are_looked_at_in_one_statement(world: World) -> None:
    viewers = dict.fromkeys(range(40), world.by_login()) | {40: world.by_token()}
    task = world.task
    sockets = {
        number: ViewerGrant(session, "ada", task.id, task.attempt, TerminalMode.WATCH)
        for number, session in viewers.items()
    }
    with counted() as sent:
        stream_batch.viewer_states(viewers, now())
        socket_checks.check_sockets(sockets, now())
    assert len([statement for statement in sent if "SAVEPOINT" not in statement]) == 2
