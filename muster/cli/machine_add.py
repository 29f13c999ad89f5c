"""`muster machine add`: the line that makes a machine, and waiting until it is one."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster, quote_segment
from muster.cli.errors import CliError
from muster.cli.output import Item, OutputSpec, info, outputs
from muster.cli.sse import HEARTBEAT

ADDED = OutputSpec((*fields.CREATED_TOKEN, "connectedAt", "agents", "machine"))
_UNUSABLE_STATUSES = ("revoked", "expired")


@click.command
@click.option("--label", default="", metavar="TEXT", help="What the list of tokens calls it.")
@click.option("--wait", is_flag=True, help="Until the machine has connected, and told its agents.")
@pass_muster
@outputs(ADDED)
def add(muster: Muster, label: str, wait: bool) -> tuple[dict[str, Any], Callable[[], None]]:
    """A line that makes a host a machine, to be pasted into a shell there.

    It has a token in it that lets one machine in, once. Options follow it there: --name, --slots,
    --label, --user, --foreground; --help lists them.
    """
    made = muster.api.post("/api/admin/worker-tokens", {"label": label})
    line = made.get("installLine")
    if not line:
        raise CliError(
            "The server has no package that a machine could install, or no address to name.",
            advice="In a checkout of it: make dist; and set publicUrl (muster admin settings)",
        )
    line = text_format.one_line(line)
    if not wait:
        nothing_yet: dict[str, Any] = {"connectedAt": None, "machine": None, "agents": []}
        return {**made, **nothing_yet}, lambda: click.echo(line)
    info(f"Run this on the machine:\n\n  {line}\n")
    status = _wait_until_connected(muster.api, made)
    return {**made, **status}, lambda: None


def _wait_until_connected(api: Api, token: Item) -> dict[str, Any]:
    """The token's status once its machine has connected; says meanwhile how far it has come."""
    was_redeemed = False
    # Whatever a machine does is news; each connection of the stream begins with some. That time
    # has passed is none, and is looked for when nothing happens.
    for event in api.events("/api/web/stream", beats=True):
        is_over = event is HEARTBEAT and not was_redeemed and _has_passed(token.get("expiresAt"))
        if not is_over and event.name not in ("hello", "reset", "update"):
            continue
        status = dict(api.get(f"/api/admin/worker-tokens/{quote_segment(token['id'])}/status"))
        if status["usedAt"] and not was_redeemed:
            was_redeemed = True
            info(f"{_machine_name(status)} has enrolled.")
        if status["connectedAt"]:
            info(f"{_machine_name(status)} is connected. {_agents_text(status)}")
            return status
        if status["status"] in _UNUSABLE_STATUSES:
            raise CliError(f"The token is {status['status']}.", advice="muster machine add")
    raise AssertionError("a stream ends by an exception alone")


def _has_passed(at: str | None) -> bool:
    """By this host's clock; what the server says then counts."""
    return at is not None and text_format.parse_timestamp(at) <= datetime.now(UTC)


def _machine_name(status: Item) -> str:
    return text_format.one_line((status.get("machine") or {}).get("name"))


def _agents_text(status: Item) -> str:
    found = [text_format.one_line(agent.get("agentType")) for agent in status.get("agents") or []]
    return f"Agents: {', '.join(found)}." if found else "No agent is installed there yet."
