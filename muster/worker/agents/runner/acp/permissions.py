"""Decide what an agent may do without asking a person."""

from __future__ import annotations

from muster.worker.agents.runner.formats.fields import require_mapping, require_string

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_EDIT_KINDS = ("read", "edit", "delete", "move", "search", "think")
_ALLOW_KINDS, _REJECT_KINDS = ("allow_once", "allow_always"), ("reject_once", "reject_always")


def is_allowed(permissions: str, kind: object) -> bool:
    """Whether a call of that kind (the protocol's `ToolKind`) is allowed. Permission to run
    commands allows everything.
    """
    return permissions in ("run", "all") or kind in _EDIT_KINDS


def parse_options(options: list[Any]) -> list[dict[str, str]]:
    """Return the agent's options. Raises one of `PARSE_ERRORS`."""
    return [
        {
            field: require_string(require_mapping(option)[field])
            for field in ("optionId", "name", "kind")
        }
        for option in options
    ]


def select_option(options: list[dict[str, str]], *, allows: bool) -> str | None:
    """Return the ID of the option for this decision, for this time only if possible; None if there
    is none.
    """
    wanted = _ALLOW_KINDS if allows else _REJECT_KINDS
    found = [option for kind in wanted for option in options if option["kind"] == kind]
    return found[0]["optionId"] if found else None


def outcome(taken: str | None) -> dict[str, Any]:
    """Return the response to a permission request, with the selected option if there is one."""
    if taken is None:
        return {"outcome": {"outcome": "cancelled"}}
    return {"outcome": {"outcome": "selected", "optionId": taken}}
