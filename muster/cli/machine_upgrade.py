"""A machine's upgrade state as text."""

from muster.cli import text_format
from muster.cli.output import Item


def upgrade_text(machine: Item) -> str:
    """Describe the upgrade state; empty if the machine is current or the server reports none."""
    upgrade = machine.get("upgrade") or {}
    state = upgrade.get("state", "current")
    if state == "current":
        return "pinned to this version" if machine.get("pinned") else ""
    offered = f" for {upgrade['offered']}" if upgrade.get("offered") else ""
    return text_format.one_line(f"{state}{offered}: {upgrade.get('reason') or ''}".rstrip(": "))
