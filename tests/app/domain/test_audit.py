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
    ("before", "after", "told"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 3}, ({"b": 2}, {"b": 3}), id="what differs"),
        pytest.param(None, {"a": 1}, (None, {"a": 1}), id="something new"),
        pytest.param({"a": 1}, None, ({"a": 1}, None), id="something gone"),
        pytest.param({"a": None}, {"a": 1}, ({"a": None}, {"a": 1}), id="set for the first time"),
        pytest.param({}, {"a": None}, ({}, {"a": None}), id="named anew"),
        pytest.param(
            {"m": {"a": 1, "b": 2}}, {"m": {"a": 1, "c": 3}}, ({"m": {"b": 2}}, {"m": {"c": 3}}),
            id="a mapping inside, by its names",
        ),
        pytest.param({"l": [1]}, {"l": [1, 2]}, ({"l": [1]}, {"l": [1, 2]}), id="a list, whole"),
    ],
)  # fmt: skip
def test_only_what_differs_is_told(before: Fields, after: Fields, told: tuple[Any, Any]) -> None:
    assert audit.changes(before, after) == {"before": told[0], "after": told[1]}


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
    told = audit.changes({name: nested("old 4711")}, {name: nested("new 4711")})
    assert told is not None
    assert told["before"].keys() == told["after"].keys() == {name}
    assert "4711" not in str(told)
    assert CHANGED in str(told["after"])


def test_the_names_of_secrets_are_told_and_only_of_those_that_changed() -> None:
    told = audit.changes({"secrets": {"A": "1", "B": "2"}}, {"secrets": {"A": "1", "B": "3"}})
    assert told == {"before": {"secrets": {"B": CHANGED}}, "after": {"secrets": {"B": CHANGED}}}


@pytest.mark.parametrize("value", [7, 1.5, True, None])
def test_numbers_and_flags_are_told_also_of_secrets(value: object) -> None:
    assert audit.changes(None, {"tokenRetentionDays": value}) == {
        "before": None,
        "after": {"tokenRetentionDays": value},
    }


def test_a_token_of_ours_is_told_nowhere() -> None:
    told = audit.changes(None, {"label": f"it is {TOKEN}, keep it", "many": [{"x": TOKEN}]})
    assert told is not None
    assert told["after"] == {"label": f"it is {CHANGED}, keep it", "many": [{"x": CHANGED}]}


def test_moments_are_told_as_text() -> None:
    moment = datetime(2030, 1, 2, 1, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    told = audit.changes(None, {"at": moment})
    assert told == {"before": None, "after": {"at": "2030-01-01T23:00:00.123Z"}}


def test_a_long_text_is_cut() -> None:
    told = audit.changes(None, {"note": "x" * 5000})
    assert told is not None
    assert len(told["after"]["note"]) == audit.LONGEST


def test_what_is_no_json_is_refused_rather_than_written_by_chance() -> None:
    with pytest.raises(TypeError, match="object"):
        audit.changes(None, {"thing": object()})
