"""How machines get in, stay in and come back."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.domain.errors import DomainError, InvalidToken, MachineAlreadyRegistered
from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.tokens import TokenKind
from app.extensions import db
from app.models import EnrollmentToken, Machine
from app.services import locks
from app.services.accounts import tokens
from app.services.machines import enrollment, enrollment_tokens
from app.services.machines.enrollment import Credentials
from app.services.machines.enrollment_tokens import TokenStatus
from tests.factories import make_developer, make_enrollment_token

ROUNDS = 50


def register(machine_id: uuid.UUID, token: str) -> Credentials:
    return enrollment.register(machine_id, token, name="m", capabilities=["claude"])


def enrolled() -> tuple[Machine, Credentials]:
    _, token = make_enrollment_token()
    credentials = register(uuid.uuid4(), token)
    return credentials.machine.machine, credentials


def connect(machine: Machine) -> None:
    """What the control channel does at a hello."""
    locked = locks.lock_machine(machine.id)
    assert locked is not None
    enrollment.confirm_credentials(locked)
    locked.connected_at = locked.connected_at or datetime.now(UTC)
    db.session.commit()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


class TestRace:
    """Real connections, at the same moment."""

    def at_once(
        self, app: Flask, pool: ThreadPoolExecutor, asked: list[tuple[uuid.UUID, str]]
    ) -> list[Credentials | DomainError]:
        start = Barrier(len(asked))

        def ask(machine_id: uuid.UUID, token: str) -> Credentials | DomainError:
            with app.app_context():
                start.wait(10)
                try:
                    return register(machine_id, token)
                except DomainError as error:
                    return error

        return [done.result(20) for done in [pool.submit(ask, *one) for one in asked]]

    def test_of_two_machines_with_one_token_one_wins_and_the_other_leaves_nothing(
        self, committed_app: Flask, pool: ThreadPoolExecutor
    ) -> None:
        creator = make_developer()
        for turn in range(1, ROUNDS + 1):
            row, token = make_enrollment_token(creator=creator)
            pair = [(uuid.uuid4(), token), (uuid.uuid4(), token)]
            answers = self.at_once(committed_app, pool, pair)
            won = [answer for answer in answers if isinstance(answer, Credentials)]
            lost = [answer for answer in answers if isinstance(answer, DomainError)]
            assert [type(error) for error in lost] == [InvalidToken]
            db.session.refresh(row)
            assert [credentials.machine.machine.id for credentials in won] == [row.machine_id]
            assert db.session.scalar(select(func.count()).select_from(Machine)) == turn
            db.session.rollback()

    def test_a_machine_that_comes_with_two_tokens_uses_up_one(
        self, committed_app: Flask, pool: ThreadPoolExecutor
    ) -> None:
        creator = make_developer()
        for _ in range(ROUNDS):
            (one, token), (other, other_token) = (
                make_enrollment_token(creator=creator) for _ in range(2)
            )
            machine_id = uuid.uuid4()
            answers = self.at_once(
                committed_app, pool, [(machine_id, token), (machine_id, other_token)]
            )
            errors = [type(a) for a in answers if isinstance(a, DomainError)]
            assert errors == [MachineAlreadyRegistered]
            for row in (one, other):
                db.session.refresh(row)
            assert sorted([one.used_at is None, other.used_at is None]) == [False, True]
            db.session.rollback()

    def test_a_machine_that_asks_twice_at_once_gets_one_answer_that_is_whole(
        self, committed_app: Flask, pool: ThreadPoolExecutor
    ) -> None:
        _, token = make_enrollment_token()
        machine_id = uuid.uuid4()
        answers = self.at_once(committed_app, pool, [(machine_id, token)] * 4)
        given = [answer for answer in answers if isinstance(answer, Credentials)]
        assert len(given) == 4
        alive = [answer for answer in given if jwt_is_valid(answer.worker_jwt)]
        assert len(alive) == 1
        assert enrollment.recover(machine_id, alive[0].recovery_secret)


def jwt_is_valid(worker_jwt: str) -> bool:
    db.session.expire_all()
    try:
        tokens.machine_of(worker_jwt)
    except InvalidToken:
        return False
    return True


def test_a_machine_enters_offline_with_what_it_says_of_itself(app: Flask) -> None:
    _, token = make_enrollment_token()
    hardware = {"cpuCount": 8}
    machine = enrollment.register(
        uuid.uuid4(),
        token,
        name="box",
        capabilities=["codex", {"agentType": "claude", "version": "2"}],
        hardware=hardware,
        slots=3,
        version="1.2",
    ).machine.machine
    assert (machine.name, machine.slots_total, machine.version) == ("box", 3, "1.2")
    assert machine.status is MachineStatus.OFFLINE
    assert not machine.connected
    assert machine.hardware == hardware
    assert [c["agentType"] for c in machine.capabilities] == ["codex", "claude"]


def test_a_lost_answer_does_not_burn_the_token(app: Flask) -> None:
    _, token = make_enrollment_token()
    machine_id = uuid.uuid4()
    first = register(machine_id, token)
    again = register(machine_id, token)
    assert jwt_is_valid(again.worker_jwt)
    assert not jwt_is_valid(first.worker_jwt)
    with pytest.raises(InvalidToken):
        enrollment.recover(machine_id, first.recovery_secret)
    assert enrollment.recover(machine_id, again.recovery_secret)


def test_once_the_machine_has_connected_its_token_is_spent(app: Flask) -> None:
    _, token = make_enrollment_token()
    machine = register(uuid.uuid4(), token).machine.machine
    connect(machine)
    with pytest.raises(InvalidToken):
        register(machine.id, token)


def test_a_known_machine_with_another_token_is_refused_and_the_token_kept(app: Flask) -> None:
    machine, _ = enrolled()
    row, token = make_enrollment_token()
    with pytest.raises(MachineAlreadyRegistered):
        register(machine.id, token)
    db.session.refresh(row)
    assert row.used_at is None


@pytest.mark.parametrize("what", ["expired", "revoked", "unknown", "typo", "other kind", "empty"])
def test_a_bad_token_lets_nobody_in(app: Flask, what: str) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    given = {"expired": {"expires_at": past}, "revoked": {"revoked_at": past}}.get(what, {})
    _, token = make_enrollment_token(**given)
    token = {
        "unknown": tokens.generate(TokenKind.ENROLLMENT),
        "typo": token[:-1] + ("0" if token[-1] != "0" else "1"),
        "other kind": tokens.generate(TokenKind.RECOVERY),
        "empty": "",
    }.get(what, token)
    with pytest.raises(InvalidToken):
        register(uuid.uuid4(), token)
    assert db.session.scalar(select(Machine.id)) is None


def test_a_token_is_judged_before_the_machine_so_that_nobody_learns_who_is_known(
    app: Flask,
) -> None:
    machine, _ = enrolled()
    with pytest.raises(InvalidToken):
        register(machine.id, tokens.generate(TokenKind.ENROLLMENT))


def test_recovery_ends_the_old_jwts(app: Flask) -> None:
    machine, credentials = enrolled()
    recovered = enrollment.recover(machine.id, credentials.recovery_secret)
    assert not jwt_is_valid(credentials.worker_jwt)
    assert jwt_is_valid(recovered.worker_jwt)


def test_the_old_secret_lives_until_the_machine_connects(app: Flask) -> None:
    machine, credentials = enrolled()
    enrollment.recover(machine.id, credentials.recovery_secret)  # the answer is lost
    newer = enrollment.recover(machine.id, credentials.recovery_secret)
    connect(machine)
    with pytest.raises(InvalidToken):
        enrollment.recover(machine.id, credentials.recovery_secret)
    assert enrollment.recover(machine.id, newer.recovery_secret)


def test_a_secret_that_arrived_recovers_before_any_connection(app: Flask) -> None:
    machine, credentials = enrolled()
    second = enrollment.recover(machine.id, credentials.recovery_secret)
    third = enrollment.recover(machine.id, second.recovery_secret)
    assert jwt_is_valid(third.worker_jwt)
    assert enrollment.recover(machine.id, second.recovery_secret)  # third may have been lost


def test_a_secret_of_a_lost_answer_is_worth_nothing_after_a_newer_one(app: Flask) -> None:
    machine, credentials = enrolled()
    lost = enrollment.recover(machine.id, credentials.recovery_secret)
    enrollment.recover(machine.id, credentials.recovery_secret)
    with pytest.raises(InvalidToken):
        enrollment.recover(machine.id, lost.recovery_secret)


def test_confirming_twice_changes_nothing(app: Flask) -> None:
    machine, credentials = enrolled()
    connect(machine)
    connect(machine)
    assert enrollment.recover(machine.id, credentials.recovery_secret)


def test_a_decommissioned_machine_does_not_recover(app: Flask) -> None:
    machine, credentials = enrolled()
    machine.status = MachineStatus.DECOMMISSIONED
    db.session.commit()
    with pytest.raises(InvalidToken):
        enrollment.recover(machine.id, credentials.recovery_secret)


def test_an_unknown_machine_does_not_recover(app: Flask) -> None:
    with pytest.raises(InvalidToken):
        enrollment.recover(uuid.uuid4(), tokens.generate(TokenKind.RECOVERY))


def test_a_tokens_status_says_what_became_of_it(app: Flask) -> None:
    creator = make_developer(role=SystemRole.ADMIN)
    view = enrollment_tokens.create(creator)
    assert (view.status, view.machine) == (TokenStatus.UNUSED, None)
    assert view.secret
    machine = register(uuid.uuid4(), view.secret).machine.machine
    used = enrollment_tokens.get(creator, view.token.id)
    assert used.status is TokenStatus.USED
    assert used.machine
    assert used.machine.machine.id == machine.id
    assert enrollment_tokens.revoke(creator, view.token.id).status is TokenStatus.REVOKED
    assert jwt_is_valid(tokens.worker_jwt(machine)[0])  # revoking does not cut the machine
    past = datetime.now(UTC) - timedelta(seconds=1)
    expired, _ = make_enrollment_token(creator=creator, expires_at=past)
    assert enrollment_tokens.get(creator, expired.id).status is TokenStatus.EXPIRED


def test_a_token_is_stored_as_a_hash_only(app: Flask) -> None:
    view = enrollment_tokens.create(make_developer(role=SystemRole.ADMIN))
    row = db.session.get(EnrollmentToken, view.token.id)
    assert row is not None
    assert view.secret is not None
    assert view.secret not in {row.digest, row.prefix}
    assert view.secret.startswith(row.prefix)
