"""How a machine stands to its server's release, in words."""

from muster.cli import text_format
from muster.cli.output import Item


def upgrade_text(machine: Item) -> str:
    """Empty for one that runs the server's, and for a server that says nothing of it."""
    upgrade = machine.get("upgrade") or {}
    state = upgrade.get("state", "current")
    if state == "current":
        return "pinned to this version" if machine.get("pinned") else ""
    offered = f" for {upgrade['offered']}" if upgrade.get("offered") else ""
    return text_format.one_line(f"{state}{offered}: {upgrade.get('reason') or ''}".rstrip(": "))
