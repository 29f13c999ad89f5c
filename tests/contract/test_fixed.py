"""What the original API fixes (`fixed.json`, which nobody edits) is still there."""

import json
from typing import Any

import pytest
from flask import Flask

from app.chat.commands import Verb
from app.domain.task import EventType
from tests.contract import extract_fixed
from tests.contract.extract_fixed import Surface

FIXED: dict[str, Any] = json.loads(extract_fixed.FILE.read_text())


@pytest.fixture(scope="module")
def surface(rolled_back_app: Flask) -> Surface:
    return Surface(rolled_back_app.extensions["api_description"].document)


@pytest.mark.parametrize("route", FIXED["routes"])
def test_a_route_has_all_its_fields_values_and_codes(surface: Surface, route: str) -> None:
    fixed, today = FIXED["routes"][route], surface.describe(route)
    missing = [f"code {code}" for code in fixed["codes"] if code not in today["codes"]]
    for part in ("query", "body", "answer"):
        for field, values in fixed.get(part, {}).items():
            if field not in today[part]:
                missing.append(f"{part} {field}")
                continue
            missing += [
                f"{part} {field}={value}" for value in values if value not in today[part][field]
            ]
    assert missing == []


def test_the_original_routes_are_all_in_the_list() -> None:
    assert list(FIXED["routes"]) == list(extract_fixed.routes())
    assert len(FIXED["routes"]) + len(FIXED["sockets"]) == 77


def test_both_terminal_sockets_are_served(rolled_back_app: Flask) -> None:
    served = {
        rule.rule.partition("<")[0]
        for rule in rolled_back_app.url_map.iter_rules()
        if rule.websocket
    }
    assert {socket.split()[1].partition(":")[0] for socket in FIXED["sockets"]} <= served


def test_frames_have_all_their_fields() -> None:
    today = extract_fixed.frame_fields()
    assert {
        tag: set(fields) - set(today.get(tag, ())) for tag, fields in FIXED["frames"].items()
    } == {tag: set() for tag in FIXED["frames"]}


def test_close_codes_event_types_and_chat_commands_are_there() -> None:
    codes = extract_fixed.close_codes()
    assert {kind: set(found) - set(codes[kind]) for kind, found in FIXED["closeCodes"].items()} == {
        "terminal": set(),
        "control": set(),
    }
    assert set(FIXED["events"]) <= set(EventType)
    assert set(FIXED["chatCommands"]) <= set(Verb)
