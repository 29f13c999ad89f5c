"""A stage's conversation with `codex app-server`."""

from __future__ import annotations
