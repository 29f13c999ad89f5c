"""`muster machine add`: print the install command, and wait for the machine to connect."""

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
@click.option("--label", default="", metavar="TEXT", help="Label for the enrollment token.")
@click.option(
    "--wait", is_flag=True, help="Wait until the machine connects and reports its agents."
)
@pass_muster
@outputs(ADDED)
def add(muster: Muster, label: str, wait: bool) -> tuple[dict[str, Any], Callable[[], None]]:
    """Print a command that adds a host as a machine; paste it into a shell there.

    The command contains a token that enrolls one machine. You can append options: --name, --slots,
    --label, --user, --foreground; --help lists them.
    """
    made = muster.api.post("/api/admin/worker-tokens", {"label": label})
    line = made.get("installLine")
    if not line:
        raise CliError(
            "The server has no worker package or no public URL.",
            advice="Run make dist in its checkout, and set publicUrl (muster admin settings)",
        )
    line = text_format.one_line(line)
    if not wait:
        nothing_yet: dict[str, Any] = {"connectedAt": None, "machine": None, "agents": []}
        return {**made, **nothing_yet}, lambda: click.echo(line)
    info(f"Run this on the machine:\n\n  {line}\n")
    status = _wait_until_connected(muster.api, made)
    return {**made, **status}, lambda: None


def _wait_until_connected(api: Api, token: Item) -> dict[str, Any]:
    """Print enrollment progress, and return the token's status once its machine is connected.

    Raises CliError if the token is revoked or has expired.
    """
    was_redeemed = False
    # A machine's progress is an update, and each connection of the stream starts with one. The
    # token's expiry isn't, so check it on heartbeats.
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
    """Whether the local clock has passed a time; the caller then asks the server."""
    return at is not None and text_format.parse_timestamp(at) <= datetime.now(UTC)


def _machine_name(status: Item) -> str:
    return text_format.one_line((status.get("machine") or {}).get("name"))


def _agents_text(status: Item) -> str:
    found = [text_format.one_line(agent.get("agentType")) for agent in status.get("agents") or []]
    return f"Agents: {', '.join(found)}." if found else "No agents are installed there yet."
