"""Errors are the product's words: each has a message and a code of its own."""

import re

import pytest

from app.domain import errors
from app.domain.errors import DomainError


def _all(kind: type[DomainError]) -> list[type[DomainError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in _all(child))]


KINDS = [kind for kind in _all(DomainError) if kind.__module__ == errors.__name__]
ARGUMENTS = {
    errors.InvalidFields: ({"name": ["is taken"]},),
    errors.TooManyAttempts: (60,),
    errors.TooManyRequests: (5,),
    errors.TooManyStreams: (5,),
    errors.WrongStage: (2, 1),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_says_what_is_wrong(kind: type[DomainError]):
    error = kind(*ARGUMENTS.get(kind, ()))
    assert str(error).strip()
    assert "\n" not in str(error)


def test_codes_are_stable_words_and_none_is_used_twice():
    codes = [kind.code for kind in KINDS]
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.TaskEnded, "task_ended"),
        (errors.NothingPending, "nothing_pending"),
        (errors.InvalidCredentials, "invalid_credentials"),
        (errors.TotpRequired, "totp_required"),
        (errors.TotpInvalid, "totp_invalid"),
        (errors.IdempotencyKeyReused, "idempotency_key_reused"),
    ],
)
def test_the_contract_s_codes_are_kept(kind: type[DomainError], code: str):
    assert kind.code == code


def test_a_wrong_stage_names_both():
    assert str(errors.WrongStage(2, 1)) == "Stage 2 is waiting, not stage 1."


def test_a_message_replaces_the_docstring():
    assert str(errors.Conflict("busy")) == "busy"
    assert errors.InvalidFields({"a": ["b"]}).errors == {"a": ["b"]}
