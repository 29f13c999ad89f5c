"""The words and numbers of docs/contract.md are those of the code: codes, states, settings."""

import re
from collections.abc import Collection
from enum import StrEnum

import pytest
from flask import Flask

import config
from app.api.openapi.html_page import is_problem
from app.chat.commands import Verb
from app.domain import fleet_counters, pipeline, task
from app.domain.chat import CREDENTIALS
from app.domain.errors import IllegalTransition
from app.domain.field_errors import BY_TEMPLATE, placeholders
from app.domain.notification_rules import PERSONAL_TYPES
from app.domain.roles import ProjectRole, SystemRole
from app.domain.settings import REGISTRY, Setting
from app.domain.task import EventType, FailureCode, TaskEvent, TaskStatus
from muster.protocol import frames, terminal
from tests.conftest import NOWHERE, SECRETS
from tests.contract import page
from tests.contract.audited_actions import ADMIN_ACTS
from tests.contract.extract_fixed import constants_of

# A method that a path does not have is no operation of the document.
NO_OPERATION = ("405", "method_not_allowed")


def test_the_codes_of_problems_are_those_of_the_openapi_document(rolled_back_app: Flask) -> None:
    schemas = rolled_back_app.extensions["api_description"].document["components"]["schemas"]
    answered = {
        (str(schema["properties"]["status"]["enum"][0]), code)
        for name, schema in schemas.items()
        if is_problem(name, schema)
        for code in schema["properties"]["code"]["enum"]
    }
    rows = page.table(1, "| status | codes |")
    codes = [(status, code) for status, cell in rows for code in _snake_case(cell)]
    assert set(codes) == answered | {NO_OPERATION}
    assert len(codes) == len(set(codes))


def test_the_codes_of_fields_are_those_of_the_table_of_field_errors() -> None:
    rows = page.table(1, "| of | codes of fields |")
    matches = [
        re.fullmatch(r"([a-z0-9_]+)(?:\((.+)\))?", word)
        for _, row in rows
        for word in page.words(row)
    ]
    codes = [(found[1], found[2].split(", ") if found[2] else []) for found in matches if found]
    assert sorted(codes) == sorted(
        {
            fault.code: (fault.code, placeholders(fault.template)) for fault in BY_TEMPLATE.values()
        }.values()
    )


def _snake_case(cell: str) -> list[str]:
    return [word for word in page.words(cell) if re.fullmatch("[a-z_]+", word)]


def test_the_settings_are_those_of_the_registry() -> None:
    rows = page.table(11, "| key | default |")
    documented = [(key.strip("`"), *numbers) for key, *numbers, _ in rows]
    assert documented == [_row(setting) for setting in REGISTRY.values()]


def _row(setting: Setting) -> tuple[str, ...]:
    if isinstance(setting.default, str):
        default = setting.default or "empty"
    else:
        default = f"{setting.default:,}" if setting.default != [] else "empty"
    return setting.key, default, f"{setting.minimum:,}", f"{setting.maximum:,}", setting.unit


def test_the_defaults_that_the_environment_can_name_are_named() -> None:
    rows = page.table(11, "| key | default |")
    named = {key.strip("`"): variable.strip("`") for key, *_, variable in rows if variable}
    from_outside = {key: setting.config for key, setting in REGISTRY.items() if setting.config}
    loaded = config.load({**SECRETS, **NOWHERE, **dict.fromkeys(named.values(), "77")})
    assert {key: loaded[name] for key, name in from_outside.items()} == dict.fromkeys(named, 77)


def test_what_can_follow_a_status_is_what_the_arrows_allow() -> None:
    rows = page.table(3, "| status | what it says |")
    documented = {tuple(_snake_case(status)): set(_snake_case(after)) for status, _, after in rows}
    assert documented == {(status.value,): _following(status) for status in TaskStatus}


def _following(status: TaskStatus) -> set[str]:
    found = set()
    for event in TaskEvent:
        try:
            found.add(task.next_status(status, event).value)
        except IllegalTransition:
            continue
    # That a stage follows a stage is no news.
    return found - ({"running"} if status is TaskStatus.RUNNING else set())


def test_the_table_of_events_has_every_type() -> None:
    rows = page.table(3, "| type | when |")
    assert {word for types, *_ in rows for word in _snake_case(types)} == set(EventType)


def test_the_codes_of_failures_are_those_that_are_counted() -> None:
    _, _, rest = page.section(3).partition("`failure.code`")
    assert set(_snake_case(rest.partition("\n\n")[0])) == {
        *FailureCode,
        *fleet_counters.MACHINE_CODES,
    }


def test_a_terminals_close_codes_are_the_protocols() -> None:
    rows = page.table(13, "| closed with |")
    documented = {int(code) for codes, _ in rows for code in codes.split(",")}
    broken = {1002, 1007}  # app/terminals/websocket.py: what is no WebSocket
    assert documented == constants_of(terminal.CloseCode) | broken


def test_the_control_channels_close_codes_are_the_protocols() -> None:
    _, _, rest = page.section(12).partition("Closed with ")
    assert {int(code) for code in re.findall(r"\b\d{4}\b", rest)} == constants_of(frames.CloseCode)


def test_the_audit_log_tells_of_what_the_contract_lists() -> None:
    _, _, rest = page.section(11).partition("Actions: ")
    listed = {
        f"{family}.{act}"
        for family, acts in re.findall(r"`([a-z_]+)\.([a-z_|]+)`", rest.partition("\n\n")[0])
        for act in acts.split("|")
    }
    assert {act.tells for act in ADMIN_ACTS} <= listed


WORDS: dict[str, tuple[int, Collection[StrEnum | str]]] = {
    "system roles": (1, SystemRole),
    "project roles": (1, ProjectRole),
    "variables": (5, [f"{{{name}}}" for name in pipeline.VARIABLES]),
    "news": (9, PERSONAL_TYPES),
    "platforms": (11, CREDENTIALS),
    "commands": (14, Verb),
}


@pytest.mark.parametrize("what", WORDS)
def test_a_section_has_all_words_of_a_kind(what: str) -> None:
    number, known = WORDS[what]
    documented = page.words(page.section(number))
    begun = {words.split()[0] for words in documented if words}
    assert {str(word) for word in known} - begun == set()
