"""The console's paths, and the error of these commands."""

from pathlib import Path

from app.server_cli.local.errors import OperateError

SOURCE = Path(__file__).resolve().parents[2] / "console"
GENERATED = frozenset({"node_modules", "dist", "dist.new", "openapi.json", "schema.d.ts"})
"""Generated names in `SOURCE`, which aren't part of the source."""


class ConsoleError(OperateError):
    """A command failed. The message says what went wrong and what to do."""
