"""Show machines and drain them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import click

from muster.cli import fields, machine_upgrade, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster, quote_segment
from muster.cli.errors import BadUsage
from muster.cli.output import (
    Column,
    Item,
    OutputSpec,
    age_column,
    column,
    get_path,
    outputs,
    print_facts,
    print_table,
    report_action,
)
from muster.cli.params import require_yes
from muster.cli.task.show import TASKS as _TASKS
from muster.cli.task.show import first_line, status_text

_ACTION_TEXTS: dict[str, str] = {
    "keep": "stays",
    "hand_over": "returns to the queue",
    "stop": "continues elsewhere",
}
_UUID_LENGTH = 36
_NOT_INSTALLED = "binary_missing"


def _machine_status_text(machine: Item) -> str:
    is_removed = machine.get("uninstalledAt") and machine.get("status") != "decommissioned"
    return "uninstalled" if is_removed else str(machine.get("status"))


def _slots_text(machine: Item) -> str:
    return f"{get_path(machine, ['slots', 'used'])}/{get_path(machine, ['slots', 'total'])}"


def _percent_column(title: str, field: str) -> Column:
    def cell(machine: Item) -> str:
        value = get_path(machine, ["metrics", field])
        is_old = machine.get("status") in ("offline", "decommissioned")
        return "" if value is None or is_old else f"{value:.0f}%"

    return Column(title, cell, is_number=True, may_go=True)


def _agents_text(machine: Item) -> str:
    return ", ".join(
        f"{at.get('agentType')}{'' if at.get('healthy', True) else ' (' + _reason_text(at) + ')'}"
        for at in machine.get("capabilities") or []
    )


def _installed_agents_text(machine: Item) -> str:
    """List the installed agents; `machine show` also lists the missing ones."""
    there = [at for at in machine.get("capabilities") or [] if at.get("reason") != _NOT_INSTALLED]
    return _agents_text({"capabilities": there})


def _reason_text(capability: Item) -> str:
    reason = str(capability.get("reason") or "unhealthy")
    return "not installed" if reason == _NOT_INSTALLED else reason.replace("_", " ")


MACHINES = OutputSpec(
    fields.MACHINE,
    (
        column("NAME"),
        Column("STATUS", _machine_status_text),
        Column("SLOTS", _slots_text, is_number=True),
        _percent_column("CPU", "cpuPercent"),
        _percent_column("MEMORY", "memoryPercent"),
        _percent_column("DISK", "diskPercent"),
        Column("AGENTS", _installed_agents_text, stretches=True),
        age_column("LAST SEEN", "lastSeenAt"),
    ),
    empty_message="No matching machines. Add one: muster machine add",
)
TASKS = OutputSpec(fields.LISTED_TASK, _TASKS.columns, empty_message=_TASKS.empty_message)
PLAN = OutputSpec(
    ("machine", "task", "action", "atDeadline", "hasCheckpoint"),
    (
        Column("TASK", lambda item: f"#{get_path(item, ['task', 'id'])}"),
        Column("STATUS", lambda item: status_text(item.get("task") or {})),
        Column("NOW", lambda item: _ACTION_TEXTS.get(str(item.get("action")), item.get("action"))),
        Column("AT THE DEADLINE", lambda item: _ACTION_TEXTS.get(str(item.get("atDeadline")), "")),
        Column(
            "DESCRIPTION",
            lambda item: first_line(get_path(item, ["task", "description"])),
            stretches=True,
        ),
    ),
    id_field="machine",
    empty_message="No tasks are running there.",
)


@click.command("list")
@click.option(
    "-s", "--status", metavar="A,B", help="Filter by status: online, offline, draining, drained, …"
)
@click.option("--selector", metavar="LABELS", help="Filter by labels, such as gpu=true.")
@click.option(
    "-n", "--limit", default=0, type=click.IntRange(min=0), help="Maximum results; 0 for all."
)
@pass_muster
@outputs(MACHINES)
def list_(
    muster: Muster, status: str | None, selector: str | None, limit: int
) -> Iterable[dict[str, Any]]:
    """List machines and their status."""
    return muster.api.items("/api/web/machines", limit, status=status, selector=selector)


def find_machine(api: Api, name_or_id: str) -> dict[str, Any]:
    """Return the machine with that ID or name. Raises ApiError, or BadUsage if several have it."""
    if len(name_or_id) == _UUID_LENGTH:
        return dict(api.get(f"/api/web/machines/{quote_segment(name_or_id)}"))
    machines = [
        m for m in api.items("/api/web/machines") if m["name"].casefold() == name_or_id.casefold()
    ]
    if len(machines) == 1:
        return machines[0]
    if machines:
        ids = ", ".join(m["id"] for m in machines)
        raise BadUsage(f"Several machines are named {name_or_id!r}.", advice=f"Use an ID: {ids}")
    # Not found: raise the server's own 404.
    return dict(api.get(f"/api/web/machines/{quote_segment(name_or_id)}"))


_machine_argument = click.argument("name", metavar="MACHINE")


@click.command
@_machine_argument
@pass_muster
@outputs(OutputSpec(fields.MACHINE))
def show(muster: Muster, name: str) -> tuple[dict[str, Any], Callable[[], None]]:
    """Show a machine's details. MACHINE is its name or ID."""
    machine = find_machine(muster.api, name)
    return machine, lambda: _print_machine(machine)


def _print_machine(machine: Item) -> None:
    now = datetime.now(UTC)
    hardware, drain = machine.get("hardware") or {}, machine.get("drain") or {}
    metrics, sandbox = machine.get("metrics") or {}, machine.get("sandbox") or {}
    labels = {**(machine.get("labels") or {})}
    by = drain.get("by") or "Muster"
    print_facts(
        [
            ("machine", f"{machine.get('name')}  {machine.get('id')}"),
            ("status", machine.get("status")),
            ("connected", machine.get("connected")),
            ("drained by", f"{by}: {drain.get('note') or ''}".rstrip(": ") if drain else ""),
            ("slots", f"{_slots_text(machine)} in use"),
            ("agents", _agents_text(machine)),
            ("sandbox", f"{sandbox.get('level')} {_missing_text(sandbox)}" if sandbox else ""),
            ("labels", ", ".join(f"{k}={v}" for k, v in labels.items())),
            ("load", _load_text(metrics)),
            ("hardware", _hardware_text(hardware)),
            ("version", machine.get("version")),
            ("upgrade", machine_upgrade.upgrade_text(machine)),
            ("last seen", f"{text_format.format_age(machine.get('lastSeenAt'), now)} ago"),
        ]
    )


def _missing_text(sandbox: Item) -> str:
    return f"(missing: {', '.join(sandbox['missing'])})" if sandbox.get("missing") else ""


def _load_text(metrics: Item) -> str:
    names = (("cpuPercent", "CPU"), ("memoryPercent", "memory"), ("diskPercent", "disk"))
    known = [(name, metrics.get(field)) for field, name in names]
    return ", ".join(f"{name} {value:.0f}%" for name, value in known if value is not None)


def _hardware_text(hardware: Item) -> str:
    parts = [
        f"{hardware['cpuCount']} CPUs" if hardware.get("cpuCount") else "",
        text_format.format_size(hardware.get("memoryBytes")),
        f"disk {text_format.format_size(hardware.get('diskBytes'))}"
        if hardware.get("diskBytes")
        else "",
        f"{hardware.get('os') or ''} {hardware.get('arch') or ''}".strip(),
        str(hardware.get("hostname") or ""),
    ]
    return ", ".join(part for part in parts if part)


@click.command
@_machine_argument
@click.option("-s", "--status", metavar="A,B", help="Filter by status.")
@click.option(
    "-n", "--limit", default=30, type=click.IntRange(min=0), help="Maximum results; 0 for all."
)
@pass_muster
@outputs(TASKS)
def tasks(muster: Muster, name: str, status: str | None, limit: int) -> Iterable[dict[str, Any]]:
    """List tasks whose latest attempt is on a machine."""
    machine = find_machine(muster.api, name)
    return muster.api.items(f"/api/web/machines/{machine['id']}/tasks", limit, status=status)


@click.command
@_machine_argument
@click.option("--note", metavar="TEXT", help="Reason, visible to others.")
@click.option(
    "--deadline", type=int, metavar="SECONDS", help="Then move the remaining tasks elsewhere."
)
@click.option("--dry-run", is_flag=True, help="Only show what would happen to its tasks.")
@click.option("-y", "--yes", is_flag=True, help="Skip confirmation.")
@pass_muster
@outputs(PLAN)
def drain(
    muster: Muster, name: str, note: str | None, deadline: int | None, dry_run: bool, yes: bool
) -> tuple[Any, Callable[[], None]]:
    """Stop assigning tasks to a machine, and move the ones that can be moved.

    Shows what would happen to its tasks, then asks for confirmation.
    """
    machine = find_machine(muster.api, name)
    wish = {"note": note, "deadlineSeconds": deadline}
    body = {key: value for key, value in wish.items() if value is not None}
    path = f"/api/web/machines/{machine['id']}/drain"
    answer = muster.api.send("POST", path, query={"dryRun": True}, body=body).json()
    plan = [{"machine": machine["name"], **item} for item in answer.get("plan") or []]
    shown_first = not (dry_run or yes)
    if shown_first:
        print_table(PLAN.columns, plan, PLAN.empty_message, stderr=True)
        require_yes(f"Drain {text_format.one_line(machine['name'])}?")
    if not dry_run:
        drained = muster.api.post(path, body)
        report_action(f"{machine['name']} is {drained['status']}.")
    return (
        plan,
        lambda: None if shown_first else print_table(PLAN.columns, plan, PLAN.empty_message),
    )


@click.command
@_machine_argument
@pass_muster
@outputs(MACHINES)
def undrain(muster: Muster, name: str) -> object:
    """Let a drained machine accept tasks again."""
    machine = find_machine(muster.api, name)
    changed = muster.api.post(f"/api/web/machines/{machine['id']}/undrain")
    report_action(f"{changed['name']} accepts tasks again.")
    return changed, lambda: None
