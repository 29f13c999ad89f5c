"""Describe the sandboxes of a stack's machine."""

from typing import Any

from app.server_cli.local.api import ApiClient
from app.server_cli.local.machines import LocalMachine
from app.server_cli.local.screen import Screen

_WEAKER = {
    "processes": "an agent's processes are contained, but it can read what other users can",
    "none": "agents are barely contained: use this machine only for work you trust",
}


def show_sandbox(screen: Screen, machine: LocalMachine, api: ApiClient) -> None:
    """Show the machine's sandbox level in one line, with advice if it isn't full."""
    screen.step(f"checking the sandbox of {machine.name}")
    sandbox = api.get(f"/api/web/machines/{machine.machine_id}")["sandbox"]
    screen.done(describe_sandbox(sandbox))


def describe_sandbox(sandbox: dict[str, Any]) -> str:
    """The sandbox in a line. `sandbox` is a machine's `{level, missing[]}`."""
    level, reasons = sandbox["level"], "; ".join(sandbox["missing"])
    if level == "full":
        return "full"
    return (
        f"{level}, weaker than full: {_WEAKER[level]}. Reason: {reasons}. An admin must allow "
        "user namespaces on this host (docs/machines.md, “Getting full sandboxes”)"
    )
