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
    outputs,
    report_action,
)
from muster.cli.params import parse_fields
from muster.cli.request_commands import Option, list_command
from muster.cli.suggestions import with_suggestion

MAX_TEXT_WIDTH = 100  # columns of prose


def _actor_name(entry: Item) -> str:
    who = get_path(entry, ["actor", "name"]) or get_path(entry, ["machine", "name"])
    return str(who or "Muster")


def _target_text(entry: Item) -> str:
    return f"{entry.get('targetType')} {entry.get('targetName') or entry.get('targetId')}"


_CHANGES_COLUMN = Column(
    "CHANGES",
    lambda entry: _changes_text(entry.get("changes"), entry.get("names") or {}),
    stretches=True,
    may_go=True,
)
AUDIT = OutputSpec(
    fields.AUDIT_ENTRY,
    (
        column("ID", "id", is_number=True),
        Column("AT", lambda entry: str(entry.get("at") or "")[:16].replace("T", " ")),
        Column("WHO", _actor_name),
        column("ACTION"),
        Column("TARGET", _target_text),
        column("FROM", "remoteAddress", may_go=True),
        _CHANGES_COLUMN,
    ),
    empty_message="No matching entries.",
)


def _changes_text(changes: Any, names: Item) -> str:
    after = (changes or {}).get("after") or (changes or {}).get("before") or {}
    parts = (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in after.items())
    text = ", ".join(parts)
    for id_, name in names.items():
        text = text.replace(id_, name)
    return text


audit = list_command(
    "audit",
    "/api/admin/audit-logs",
    "Show the audit log.",
    AUDIT,
    Option("actor", "Filter by account ID or name."),
    Option("action", "Filter by action (gate.answered) or by a family of actions (machine.)."),
    Option("target-type", "Filter by target type, such as task."),
    Option("target-id", "Filter by target ID."),
    Option("from", "Start time, such as 2030-01-01T00:00:00Z."),
    Option("to", "End time, exclusive."),
)

SETTINGS = OutputSpec(fields.SETTING, id_field="key")


def _value_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@click.group
def settings() -> None:
    """Show and change server settings."""


@settings.command("list")
@pass_muster
@outputs(SETTINGS)
def list_(muster: Muster) -> tuple[list[dict[str, Any]], Callable[[], None]]:
    """List all settings with their descriptions."""
    found = list(muster.api.get("/api/admin/settings").get("registry") or [])

    def print_settings() -> None:
        for setting in found:
            _print_setting(setting)

    return found, print_settings


def _print_setting(setting: Item) -> None:
    """Print a setting on several lines: a table has no space for the description."""
    value, default = _value_text(setting.get("value")), _value_text(setting.get("default"))
    key = click.style(text_format.one_line(setting.get("key")), bold=True)
    text = " ".join(filter(None, [value or "(empty)", text_format.one_line(setting.get("unit"))]))
    text += "" if value == default else f" (default: {default or 'empty'})"
    click.echo(f"{key} = {text_format.one_line(text)}")
    room = min(create_console().width, MAX_TEXT_WIDTH)
    about = text_format.one_line(f"{setting.get('name')}. {setting.get('help')}")
    click.echo(click.wrap_text(about, room, "    ", "    "))


@settings.command("set")
@click.argument("pairs", metavar="KEY=VALUE…", nargs=-1, required=True)
@pass_muster
@outputs(SETTINGS)
def set_(muster: Muster, pairs: tuple[str, ...]) -> tuple[Any, Callable[[], None]]:
    """Change settings; KEY=null restores the default. Takes effect within a second."""
    values = parse_fields(pairs)
    known = {at["key"]: at for at in muster.api.get("/api/admin/settings")["registry"]}
    for key, value in values.items():
        if key not in known:
            text = with_suggestion(f"Unknown setting {key!r}.", [key], known)
            raise BadUsage(text, advice="muster admin settings list")
        if known[key].get("type") == "string" and value is not None:
            values[key] = next(
                pair.partition("=")[2] for pair in pairs if pair.startswith(f"{key}=")
            )
    response = muster.api.put("/api/admin/settings", values)
    changed = [setting for setting in response["registry"] if setting["key"] in values]

    texts = [
        f"{setting['key']}: {_value_text(known[setting['key']].get('value'))}"
        f" → {_value_text(setting.get('value'))}"
        for setting in changed
    ]
    report_action(f"Changed {', '.join(texts)}.")
    return changed, lambda: None
