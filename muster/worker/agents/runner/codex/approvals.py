"""The agent's requests to us: for approvals, and for what only a person could provide."""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_DECLINED = {"decision": "decline"}
_DENIED = {"decision": "denied"}  # the protocol's first version
_DENIALS: dict[str, dict[str, Any]] = {
    "item/commandExecution/requestApproval": _DECLINED,
    "item/fileChange/requestApproval": _DECLINED,
    "item/permissions/requestApproval": {"permissions": {}, "scope": "turn"},
    "mcpServer/elicitation/request": {"action": "decline", "content": None},
    "item/tool/requestUserInput": {"answers": {}},
    "execCommandApproval": _DENIED,
    "applyPatchApproval": _DENIED,
}


def deny(method: str) -> dict[str, Any] | None:
    """Return the response that denies a request; None for a method that we don't have."""
    return _DENIALS.get(method)
