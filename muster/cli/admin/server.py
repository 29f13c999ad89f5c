"""The audit log, and settings."""

import json
from collections.abc import Callable
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import (
    Column,
    Item,
    OutputSpec,
    column,
    create_console,
    get_path,
    info,
    outputs,
)
from muster.cli.params import parse_fields
from muster.cli.request_commands import Option, list_command

MAX_TEXT_WIDTH = 100  # of what is read as sentences


def _actor_name(entry: Item) -> str:
    who = get_path(entry, ["actor", "name"]) or get_path(entry, ["machine", "name"])
    return str(who or "Muster")


_CHANGES_COLUMN = Column(
    "CHANGES", lambda entry: _changes_text(entry.get("changes")), stretches=True, may_go=True
)
AUDIT = OutputSpec(
    fields.AUDIT_ENTRY,
    (
        column("ID", "id", is_number=True),
        Column("AT", lambda entry: str(entry.get("at") or "")[:16].replace("T", " ")),
        Column("WHO", _actor_name),
        column("ACTION"),
        Column("TARGET", lambda entry: f"{entry.get('targetType')} {entry.get('targetId')}"),
        column("FROM", "remoteAddress", may_go=True),
        _CHANGES_COLUMN,
    ),
    empty_message="Nothing was done.",
)


def _changes_text(changes: Any) -> str:
    after = (changes or {}).get("after") or (changes or {}).get("before") or {}
    parts = (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in after.items())
    return ", ".join(parts)


audit = list_command(
    "audit",
    "/api/admin/audit-logs",
    "Who has done what.",
    AUDIT,
    Option("actor", "By an account: its id or name."),
    Option("action", "Like gate.answered; machine. is all of a family."),
    Option("target-type", "Like task."),
    Option("target-id", "Which."),
    Option("from", "From that moment on: 2030-01-01T00:00:00Z."),
    Option("to", "Before that moment."),
)

SETTINGS = OutputSpec(fields.SETTING, id_field="key")


def _value_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@click.group
def settings() -> None:
    """How the server behaves."""


@settings.command("list")
@pass_muster
@outputs(SETTINGS)
def list_(muster: Muster) -> tuple[list[dict[str, Any]], Callable[[], None]]:
    """All settings, and what each does."""
    found = list(muster.api.get("/api/admin/settings").get("registry") or [])

    def print_settings() -> None:
        for setting in found:
            _print_setting(setting)

    return found, print_settings


def _print_setting(setting: Item) -> None:
    """In as many lines as it takes: a table would have no room for what it does."""
    value, default = _value_text(setting.get("value")), _value_text(setting.get("default"))
    key = click.style(text_format.one_line(setting.get("key")), bold=True)
    text = " ".join(filter(None, [value or "(empty)", text_format.one_line(setting.get("unit"))]))
    text += "" if value == default else f" (by default {default or 'empty'})"
    click.echo(f"{key} = {text_format.one_line(text)}")
    room = min(create_console().width, MAX_TEXT_WIDTH)
    click.echo(click.wrap_text(text_format.one_line(setting.get("help")), room, "    ", "    "))


@settings.command("set")
@click.argument("pairs", metavar="KEY=VALUE…", nargs=-1, required=True)
@pass_muster
@outputs(SETTINGS)
def set_(muster: Muster, pairs: tuple[str, ...]) -> tuple[Any, Callable[[], None]]:
    """Change settings; KEY=null is its default again. In force within a second."""
    values = parse_fields(pairs)
    known = {at["key"]: at for at in muster.api.get("/api/admin/settings")["registry"]}
    for key, value in values.items():
        if key not in known:
            raise BadUsage(f"there is no setting {key!r}", advice="muster admin settings list")
        if known[key].get("type") == "string" and value is not None:
            values[key] = next(
                pair.partition("=")[2] for pair in pairs if pair.startswith(f"{key}=")
            )
    response = muster.api.put("/api/admin/settings", values)
    changed = [setting for setting in response["registry"] if setting["key"] in values]

    def print_changes() -> None:
        for setting in changed:
            before = _value_text(known[setting["key"]].get("value"))
            now = text_format.one_line(_value_text(setting.get("value")))
            info(f"{setting['key']}: {text_format.one_line(before)} → {now}")

    return changed, print_changes
