"""Where the console lies, and the error of whatever is done to it."""

from pathlib import Path

from app.server_cli.local.errors import OperateError

SOURCE = Path(__file__).resolve().parents[2] / "console"
GENERATED = frozenset({"node_modules", "dist", "dist.new", "openapi.json", "schema.d.ts"})
"""What is made there, and so no part of the source."""


class ConsoleError(OperateError):
    """It cannot be done. The message is for a person: what went wrong, and what to do about it."""
