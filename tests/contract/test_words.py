"""The words and numbers of the pages are those of the code, and of the tables beside this file.

Where a page is generated from the code, the tables are what keeps a code or a bound from changing
unnoticed.
"""

from collections.abc import Collection
from enum import StrEnum

import pytest
from flask import Flask

import config
from app.chat.commands import Verb
from app.domain import fleet_counters, pipeline, task
from app.domain.chat import CREDENTIALS
from app.domain.errors import IllegalTransition
from app.domain.field_errors import BY_TEMPLATE, placeholders
from app.domain.notification_rules import PERSONAL_TYPES
from app.domain.roles import ProjectRole, SystemRole
from app.domain.scheduling import Reason
from app.domain.settings import REGISTRY, Setting
from app.domain.task import EventType, FailureCode, TaskEvent, TaskStatus
from app.domain.token_scope import TokenScope
from muster.protocol import frames, terminal
from tests.conftest import NOWHERE, SECRETS
from tests.contract import codes_table, page
from tests.contract.audited_actions import ADMIN_ACTS
from tests.contract.extract_fixed import constants_of
from tests.contract.page import CONTRACT
from tests.contract.settings_table import SETTINGS, Row

# A method that a path does not have is no operation of the document.
NO_OPERATION = ("405", "method_not_allowed")
NO_WEBSOCKET = {1002, 1007}  # app/terminals/websocket.py: what is no WebSocket


def first_words(section: str, head: str) -> list[str]:
    """The first cells of that table, without what marks them as code."""
    return [cells[0].strip("`") for cells in page.table(page.section(section), head)]


# ---- problems and fields -------------------------------------------------------------------------


def test_the_codes_of_problems_are_those_of_the_table(rolled_back_app: Flask) -> None:
    schemas = rolled_back_app.extensions["api_description"].document["components"]["schemas"]
    answered = {
        (str(schema["properties"]["status"]["enum"][0]), code)
        for schema in schemas.values()
        if {"title", "status", "code"} <= schema["properties"].keys()
        for code in schema["properties"]["code"]["enum"]
    }
    assert answered | {NO_OPERATION} == codes_table.PROBLEMS


def test_the_page_has_each_problem_once() -> None:
    rows = page.table(page.section("Problem codes"), "| status | code |")
    listed = [(status, code.strip("`")) for status, code, text in rows if text]
    assert sorted(listed) == sorted(codes_table.PROBLEMS)


def test_the_codes_of_fields_are_those_of_the_table() -> None:
    found = {each.code: placeholders(each.template) for each in BY_TEMPLATE.values()}
    assert found == codes_table.FIELD_ERRORS


def test_the_page_has_each_code_of_a_field_once() -> None:
    rows = page.table(page.section("Field error codes"), "| code | params |")
    listed = [(code.strip("`"), page.words(params)) for code, params, text in rows if text]
    assert sorted(listed) == sorted(codes_table.FIELD_ERRORS.items())


# ---- settings ------------------------------------------------------------------------------------


def test_the_settings_are_those_of_the_table() -> None:
    assert [_row(setting) for setting in REGISTRY.values()] == [
        (row.key, row.default or "empty", row.minimum, row.maximum, row.unit) for row in SETTINGS
    ]


def _row(setting: Setting) -> tuple[object, ...]:
    return setting.key, setting.default or "empty", setting.minimum, setting.maximum, setting.unit


def test_the_page_has_the_settings_of_the_table() -> None:
    rows = page.table(page.section("Settings"), "| key | default |")
    assert [(key.strip("`"), *others) for key, *others, _, _ in rows] == [
        (row.key, _format_default(row), f"{row.minimum:,}", f"{row.maximum:,}", row.unit)
        for row in SETTINGS
    ]
    named = {key.strip("`"): variable.strip("`") for key, *_, variable, _ in rows}
    assert named == {row.key: row.variable for row in SETTINGS}


def _format_default(row: Row) -> str:
    return (row.default or "empty") if isinstance(row.default, str) else f"{row.default:,}"


def test_the_defaults_that_the_environment_can_name_are_named() -> None:
    named = {row.key: row.variable for row in SETTINGS if row.variable}
    from_outside = {key: setting.config for key, setting in REGISTRY.items() if setting.config}
    loaded = config.load({**SECRETS, **NOWHERE, **dict.fromkeys(named.values(), "77")})
    assert {key: loaded[name] for key, name in from_outside.items()} == dict.fromkeys(named, 77)


# ---- tasks ---------------------------------------------------------------------------------------


def test_what_can_follow_a_status_is_what_the_arrows_allow() -> None:
    rows = page.table(page.section("3. Tasks", CONTRACT), "| status | meaning |")
    documented = {tuple(page.words(status)): {*page.words(after)} for status, _, after in rows}
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


def test_the_types_of_events_are_those_of_the_table() -> None:
    assert set(EventType) == codes_table.EVENTS


def test_the_page_has_each_type_of_event_once() -> None:
    assert sorted(first_words("Event types", "| type | when |")) == sorted(codes_table.EVENTS)


def test_the_codes_of_failures_are_those_of_the_table() -> None:
    assert set(FailureCode) == codes_table.SERVER_FAILURES
    assert fleet_counters.MACHINE_CODES == codes_table.MACHINE_FAILURES


def test_the_page_has_each_code_of_a_failure_once() -> None:
    rows = page.table(page.section("Failure codes"), "| code | set by |")
    by = {code.strip("`"): who.split() for code, who, cause in rows if cause}
    assert len(by) == len(rows)
    assert {code for code, who in by.items() if "server" in who} == codes_table.SERVER_FAILURES
    assert {code for code, who in by.items() if "machine" in who} == codes_table.MACHINE_FAILURES


def test_the_rules_that_keep_machines_from_a_task_are_those_of_the_table() -> None:
    assert set(Reason) == codes_table.WAIT_RULES


def test_the_page_has_the_rules_in_their_order() -> None:
    assert first_words("Wait reasons", "| reason | the machine |") == list(Reason)


# ---- sockets, the audit log, other words ---------------------------------------------------------


def test_a_terminals_close_codes_are_the_protocols() -> None:
    rows = page.table(page.text("terminal.md"), "| closed with |")
    documented = {int(code) for codes, _ in rows for code in codes.split(",")}
    assert documented == constants_of(terminal.CloseCode) | NO_WEBSOCKET
    assert documented == codes_table.TERMINAL_CLOSES


def test_the_control_channels_close_codes_are_the_protocols() -> None:
    rows = page.table(page.text("machine-protocol.md"), "| code |")
    documented = {int(code) for codes, *_ in rows for code in codes.split(",")}
    assert documented == constants_of(frames.CloseCode) == codes_table.CHANNEL_CLOSES


def test_the_page_has_each_close_code_of_a_socket() -> None:
    rows = page.table(page.section("Close codes"), "| code | terminals |")
    assert {int(code) for code, name, _ in rows if name} == codes_table.TERMINAL_CLOSES
    assert {int(code) for code, _, name in rows if name} == codes_table.CHANNEL_CLOSES


def test_the_audit_log_records_what_the_page_lists() -> None:
    rows = page.table(page.section("Audit actions"), "| family |")
    listed = {family.strip("`") + act for family, acts in rows for act in page.words(acts)}
    assert listed == codes_table.AUDIT_ACTIONS
    assert {act.tells for act in ADMIN_ACTS} <= listed


WORDS: dict[str, tuple[str, str, Collection[StrEnum | str]]] = {
    "system roles": ("reference.md", "Permissions", set(SystemRole) - {SystemRole.DEVELOPER}),
    "project roles": ("reference.md", "Permissions", ProjectRole),
    "scopes": ("reference.md", "Token scopes", TokenScope),
    "all roles": (CONTRACT, "1. Conventions", [*SystemRole, *ProjectRole]),
    "variables": (CONTRACT, "5. Projects", [f"{{{name}}}" for name in pipeline.VARIABLES]),
    "notifications": (CONTRACT, "9. Notifications", PERSONAL_TYPES),
    "platforms": ("notifications.md", "", CREDENTIALS),
    "commands": ("notifications.md", "Commands", Verb),
}


@pytest.mark.parametrize("what", WORDS)
def test_a_section_has_all_words_of_a_kind(what: str) -> None:
    document, heading, known = WORDS[what]
    section = page.section(heading, document) if heading else page.text(document)
    documented = page.words(section)
    begun = {words.split()[0] for words in documented if words.strip()}
    assert {str(word) for word in known} - begun == set()
