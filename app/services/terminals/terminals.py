"""Admission to terminals, by one-time tokens."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, literal, or_, select, update
from sqlalchemy.orm import joinedload

from app.domain.errors import Conflict, InvalidToken, NoTerminal, TaskEnded
from app.domain.roles import Permission
from app.domain.task import EventType
from app.domain.terminal import (
    REQUIRED_PERMISSIONS,
    NoShell,
    TerminalKind,
    TerminalMode,
    TerminalSubject,
    Verdict,
    has_terminal,
    machine_verdict,
    required_permission,
)
from app.domain.token_scope import REQUIRED_SCOPE
from app.domain.tokens import TokenKind, digest
from app.extensions import db
from app.models import Attempt, ChannelToken, Developer, Task, TerminalInput
from app.services import audit, clock, locks, rights
from app.services.accounts import auth, personal_tokens, sessions, tokens
from app.services.accounts.sessions import DeveloperSession
from app.services.tasks import history, queries
from app.services.terminals import open_requests
from app.terminal_keys import TerminalKey
from muster.protocol import frames

TOKEN_LIFE = timedelta(seconds=60)


class AttemptReplaced(Conflict):
    """The task continues with another attempt. Request a new token."""


class TerminalChannel(NamedTuple):
    """A token that opens one socket, and its mode. It's shown once, here."""

    channel_token: str
    mode: TerminalMode
    expires_at: datetime


@dataclass(frozen=True)
class ViewerGrant:
    """A developer's right to a socket. The session has no `ends_at`: a socket outlives its
    access token, but not the login.
    """

    session: DeveloperSession
    name: str
    task_id: int
    attempt: int
    mode: TerminalMode
    is_shell: bool = False


@dataclass(frozen=True)
class MachineGrant:
    """A machine's right to an attempt's terminal socket."""

    machine_id: uuid.UUID
    task_id: int
    attempt: int
    is_shell: bool = False


def issue_token(
    actor: Developer,
    task_id: int,
    mode: TerminalMode | None = None,
    terminal: TerminalKind = TerminalKind.STAGE,
) -> TerminalChannel:
    """Return a token for one socket, by default in the most powerful mode that the actor is
    allowed.

    The machine is asked to open the terminal, if it hasn't been yet. Commits. Raises NotFound,
    Forbidden, NoTerminal, NoShell.
    """
    task = queries.get(actor, task_id)
    access = rights.access(actor, task.project, creator_id=task.created_by)
    is_shell = terminal is TerminalKind.SHELL
    if refusal := access.find_refusal(
        required_permission(mode or TerminalMode.WATCH, is_shell=is_shell)
    ):
        raise refusal
    if is_shell:
        return _issue_shell_token(actor, task, mode or TerminalMode.CONTROL)
    if mode is None:
        can_type = access.allows(Permission.CONTROL_TERMINAL)
        mode = TerminalMode.CONTROL if can_type else TerminalMode.WATCH
    attempt = locks.latest_attempt(task)
    if attempt is None or not has_terminal(_subject(task, attempt)):
        raise NoTerminal
    now = clock.now()
    secret = _mint(attempt, now, developer_id=actor.id, mode=mode)
    open_requests.request_open(attempt, now)
    if mode is TerminalMode.CONTROL:
        audit.record_privileged("terminal.controlled", task, actor)
    db.session.commit()
    return TerminalChannel(secret, mode, now + TOKEN_LIFE)


def _issue_shell_token(actor: Developer, task: Task, mode: TerminalMode) -> TerminalChannel:
    """Likewise, for the shell. Whoever opens it is recorded; others join."""
    locked = locks.lock_loaded_task(task)
    if locked.assignment is None or not has_terminal(_subject(task, locked.attempt)):
        raise NoTerminal
    if not locked.machine.opens_shells:
        raise NoShell
    attempt, now = locked.attempt, locked.now
    secret = _mint(attempt, now, developer_id=actor.id, mode=mode, is_shell=True)
    if mode is TerminalMode.CONTROL:
        audit.record_privileged("terminal.controlled", task, actor)
    if open_requests.request_open(attempt, now, is_shell=True):
        history.record_event(
            task,
            EventType.SHELL,
            f"{actor.name} opened a shell",
            now,
            attempt=attempt.number,
            stage_index=attempt.stage_index,
            data={"by": actor.id},
            by=actor.id,
        )
        audit.record("terminal.shell_opened", "task", task.id, actor=actor)
    db.session.commit()
    return TerminalChannel(secret, mode, now + TOKEN_LIFE)


def build_order(machine_id: uuid.UUID, key: TerminalKey) -> frames.OpenTerminal:
    """Return the order to open the machine's socket of a terminal, with a new token. Commits."""
    attempt = db.session.get_one(Attempt, (key.task_id, key.attempt))
    secret = _mint(attempt, clock.now(), machine_id=machine_id, is_shell=key.is_shell)
    db.session.commit()
    return frames.OpenTerminal(key.task_id, key.attempt, secret, key.is_shell)


def admit_viewer(task_id: int, credential: str, channel_token: str) -> ViewerGrant:
    """Use up a developer's token for a socket, and return its right. Commits.

    `credential`: an access token or a personal one. Raises InvalidToken, NotFound, TaskEnded,
    AttemptReplaced.
    """
    kind = personal_tokens if personal_tokens.is_personal_token(credential) else auth
    developer = kind.developer_of(credential)
    queries.get(developer, task_id)
    # The token may have been created with another credential, which has more scope.
    within = [
        mode
        for mode, act in REQUIRED_PERMISSIONS.items()
        if developer.access_scope.allows(REQUIRED_SCOPE[act])
    ]
    hers = and_(
        ChannelToken.developer_id == developer.id,
        ChannelToken.mode.in_(within),
        or_(~ChannelToken.is_shell, literal(TerminalMode.CONTROL in within)),
    )
    used = _consume(hers, task_id, channel_token)
    assert used.mode is not None  # by a constraint of the table
    _require_open(task_id, used.attempt)
    return ViewerGrant(
        session=replace(sessions.from_credential(developer, credential), ends_at=None),
        name=developer.name,
        task_id=task_id,
        attempt=used.attempt,
        mode=used.mode,
        is_shell=used.is_shell,
    )


def admit_machine(task_id: int, worker_jwt: str, channel_token: str) -> MachineGrant:
    """Use up a machine's token for a socket, and return its right. Commits.

    Raises InvalidToken, TaskEnded, AttemptReplaced.
    """
    machine = tokens.machine_of(worker_jwt)
    used = _consume(ChannelToken.machine_id == machine.id, task_id, channel_token)
    _require_open(task_id, used.attempt)
    return MachineGrant(machine.id, task_id, used.attempt, used.is_shell)


def list_inputs(actor: Developer, task_id: int) -> Select[TerminalInput]:
    """Return the query of the records of who typed into the task's terminals, and when.

    Raises NotFound, Forbidden.
    """
    task = queries.get(actor, task_id)
    rights.require(Permission.SEE_TERMINAL_INPUTS, actor, task.project, creator_id=task.created_by)
    return (
        select(TerminalInput)
        .where(TerminalInput.task_id == task_id)
        .options(joinedload(TerminalInput.developer, innerjoin=True))
    )


def _mint(
    attempt: Attempt,
    now: datetime,
    *,
    developer_id: int | None = None,
    mode: TerminalMode | None = None,
    machine_id: uuid.UUID | None = None,
    is_shell: bool = False,
) -> str:
    secret = tokens.generate(TokenKind.CHANNEL)
    db.session.add(
        ChannelToken(
            digest=digest(secret),
            task_id=attempt.task_id,
            attempt=attempt.number,
            developer_id=developer_id,
            mode=mode,
            machine_id=machine_id,
            is_shell=is_shell,
            expires_at=now + TOKEN_LIFE,
        )
    )
    return secret


def _consume(bearer: Any, task_id: int, secret: str) -> Any:
    """Use up a token, and return its row. Of concurrent uses one succeeds. Commits.

    Raises InvalidToken.
    """
    now = clock.now()
    mine = (ChannelToken.digest == digest(secret), ChannelToken.task_id == task_id, bearer)
    good = (ChannelToken.used_at.is_(None), ChannelToken.expires_at > now)
    used = db.session.execute(
        update(ChannelToken)
        .where(*mine, *good)
        .values(used_at=now)
        .returning(ChannelToken.attempt, ChannelToken.mode, ChannelToken.is_shell)
    ).one_or_none()
    db.session.commit()
    if used is None:
        raise InvalidToken
    return used


def _require_open(task_id: int, number: int) -> None:
    query = select(Task, Attempt).join(Attempt, Attempt.task_id == Task.id)
    found = db.session.execute(query.where(Task.id == task_id, Attempt.number == number)).one()
    match machine_verdict(_subject(*found)):
        case Verdict.ENDED:
            raise TaskEnded
        case Verdict.REPLACED:
            raise AttemptReplaced


def _subject(task: Task, attempt: Attempt) -> TerminalSubject:
    return TerminalSubject(
        task.status, task.suspend_reason, attempt.phase, attempt.ended_at is None
    )
