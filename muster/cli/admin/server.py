"""The audit log, and settings."""

import json
from collections.abc import Callable
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import Column, Item, Printed, column, console, dig, prints, say
from muster.cli.params import typed_fields
from muster.cli.request_commands import Given, listing

WIDEST = 100  # of what is read as sentences


def _who(entry: Item) -> str:
    who = dig(entry, ["actor", "name"]) or dig(entry, ["machine", "name"])
    return str(who or "Muster")


_CHANGES = Column(
    "CHANGES", lambda entry: _changed(entry.get("changes")), stretches=True, may_go=True
)
AUDIT = Printed(
    fields.AUDIT_ENTRY,
    (
        column("ID", "id", is_number=True),
        Column("AT", lambda entry: str(entry.get("at") or "")[:16].replace("T", " ")),
        Column("WHO", _who),
        column("ACTION"),
        Column("TARGET", lambda entry: f"{entry.get('targetType')} {entry.get('targetId')}"),
        column("FROM", "remoteAddress", may_go=True),
        _CHANGES,
    ),
    nothing="Nothing was done.",
)


def _changed(changes: Any) -> str:
    after = (changes or {}).get("after") or (changes or {}).get("before") or {}
    said = (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in after.items())
    return ", ".join(said)


audit = listing(
    "audit",
    "/api/admin/audit-logs",
    "Who has done what.",
    AUDIT,
    Given("actor", "By an account: its id or name."),
    Given("action", "Like gate.answered; machine. is all of a family."),
    Given("target-type", "Like task."),
    Given("target-id", "Which."),
    Given("from", "From that moment on: 2030-01-01T00:00:00Z."),
    Given("to", "Before that moment."),
)

SETTINGS = Printed(fields.SETTING, id="key")


def _value(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@click.group
def settings() -> None:
    """How the server behaves."""


@settings.command("list")
@pass_muster
@prints(SETTINGS)
def list_(muster: Muster) -> tuple[list[dict[str, Any]], Callable[[], None]]:
    """All settings, and what each does."""
    found = list(muster.api.get("/api/admin/settings").get("registry") or [])

    def tell() -> None:
        for setting in found:
            _setting(setting)

    return found, tell


def _setting(setting: Item) -> None:
    """In as many lines as it takes: a table would have no room for what it does."""
    value, default = _value(setting.get("value")), _value(setting.get("default"))
    key = click.style(text_format.one_line(setting.get("key")), bold=True)
    said = " ".join(filter(None, [value or "(empty)", text_format.one_line(setting.get("unit"))]))
    said += "" if value == default else f" (by default {default or 'empty'})"
    click.echo(f"{key} = {text_format.one_line(said)}")
    room = min(console().width, WIDEST)
    click.echo(click.wrap_text(text_format.one_line(setting.get("help")), room, "    ", "    "))


@settings.command("set")
@click.argument("pairs", metavar="KEY=VALUE…", nargs=-1, required=True)
@pass_muster
@prints(SETTINGS)
def set_(muster: Muster, pairs: tuple[str, ...]) -> tuple[Any, Callable[[], None]]:
    """Change settings; KEY=null is its default again. In force within a second."""
    asked = typed_fields(pairs)
    known = {at["key"]: at for at in muster.api.get("/api/admin/settings")["registry"]}
    for key, value in asked.items():
        if key not in known:
            raise BadUsage(f"there is no setting {key!r}", advice="muster admin settings list")
        if known[key].get("type") == "string" and value is not None:
            asked[key] = next(
                pair.partition("=")[2] for pair in pairs if pair.startswith(f"{key}=")
            )
    told = muster.api.put("/api/admin/settings", asked)
    changed = [setting for setting in told["registry"] if setting["key"] in asked]

    def tell() -> None:
        for setting in changed:
            before = _value(known[setting["key"]].get("value"))
            now = text_format.one_line(_value(setting.get("value")))
            say(f"{setting['key']}: {text_format.one_line(before)} → {now}")

    return changed, tell
