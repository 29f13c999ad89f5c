"""What an audit entry tells, and what it never does."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from app.domain import audit
from app.domain.audit import CHANGED
from app.domain.tokens import TokenKind, make

Fields = dict[str, Any] | None
TOKEN = make(TokenKind.ENROLLMENT, bytes(24))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 3}, ({"b": 2}, {"b": 3}), id="what differs"),
        pytest.param(None, {"a": 1}, (None, {"a": 1}), id="something new"),
        pytest.param({"a": 1}, None, ({"a": 1}, None), id="something gone"),
        pytest.param({"a": None}, {"a": 1}, ({"a": None}, {"a": 1}), id="set for the first time"),
        pytest.param({}, {"a": None}, ({}, {"a": None}), id="renamed"),
        pytest.param(
            {"m": {"a": 1, "b": 2}}, {"m": {"a": 1, "c": 3}}, ({"m": {"b": 2}}, {"m": {"c": 3}}),
            id="a mapping inside, by its names",
        ),
        pytest.param({"l": [1]}, {"l": [1, 2]}, ({"l": [1]}, {"l": [1, 2]}), id="a list, whole"),
    ],
)  # fmt: skip
def test_only_what_differs_is_told(
    before: Fields, after: Fields, expected: tuple[Any, Any]
) -> None:
    assert audit.changes(before, after) == {"before": expected[0], "after": expected[1]}


def test_where_nothing_differs_there_is_nothing_to_tell() -> None:
    assert audit.changes({"a": {"b": [1]}}, {"a": {"b": [1]}}) is None


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "passwordHash",
        "password_hash",
        "currentPassword",
        "secret",
        "appSecret",
        "webhookToken",
        "encryptKey",
        "git_token",
        "gitToken",
        "sshKey",
        "ssh_key",
        "totpCode",
        "recoveryCodes",
        "recovery_digest",
        "workerJWT",
        "JWTSecret",
        "environment",
        "secrets",
    ],
)
@pytest.mark.parametrize("nested", [lambda v: v, lambda v: [v], lambda v: {"NAME": v}])
def test_a_secret_is_named_but_never_told(name: str, nested: Any) -> None:
    changes = audit.changes({name: nested("old 4711")}, {name: nested("new 4711")})
    assert changes is not None
    assert changes["before"].keys() == changes["after"].keys() == {name}
    assert "4711" not in str(changes)
    assert CHANGED in str(changes["after"])


def test_the_names_of_secrets_are_told_and_only_of_those_that_changed() -> None:
    changes = audit.changes({"secrets": {"A": "1", "B": "2"}}, {"secrets": {"A": "1", "B": "3"}})
    assert changes == {"before": {"secrets": {"B": CHANGED}}, "after": {"secrets": {"B": CHANGED}}}


@pytest.mark.parametrize("value", [7, 1.5, True, None])
def test_numbers_and_flags_are_told_also_of_secrets(value: object) -> None:
    assert audit.changes(None, {"tokenRetentionDays": value}) == {
        "before": None,
        "after": {"tokenRetentionDays": value},
    }


def test_a_token_of_ours_is_told_nowhere() -> None:
    changes = audit.changes(None, {"label": f"it is {TOKEN}, keep it", "many": [{"x": TOKEN}]})
    assert changes is not None
    assert changes["after"] == {"label": f"it is {CHANGED}, keep it", "many": [{"x": CHANGED}]}


def test_timestamps_are_recorded_as_text() -> None:
    moment = datetime(2030, 1, 2, 1, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    changes = audit.changes(None, {"at": moment})
    assert changes == {"before": None, "after": {"at": "2030-01-01T23:00:00.123Z"}}


def test_a_long_text_is_cut() -> None:
    changes = audit.changes(None, {"note": "x" * 5000})
    assert changes is not None
    assert len(changes["after"]["note"]) == audit.MAX_TEXT


def test_what_is_no_json_is_refused_rather_than_written_by_chance() -> None:
    with pytest.raises(TypeError, match="object"):
        audit.changes(None, {"thing": object()})
