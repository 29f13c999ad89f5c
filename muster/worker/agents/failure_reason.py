"""Classify a failed agent stage: by the agent's facts, or else by its last output."""

import re
from collections.abc import Mapping
from typing import Any, get_args

from muster.protocol.frames import AgentFailure, AgentFailureKind
from muster.worker.agents.degradation import Reason

_MAX_OUTPUT_BYTES = 8 * 1024
_MAX_MESSAGE_CHARS = 2000  # characters of a message
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_RATE_LIMIT = re.compile(
    r"rate.?limit|too many requests|(?:usage|session|weekly) limit|quota|overloaded"
    r"|(?:http|status|error|code)\W{1,3}(?:429|529)\b",
    re.IGNORECASE,
)
_AUTH_FAILURE = re.compile(
    r"unauthori[sz]ed|authentication|not (?:logged|signed) in|invalid (?:api|bearer)|api.?key"
    r"|run /login|please (?:log|sign) ?in|token (?:has )?expired"
    r"|(?:http|status|error|code)\W{1,3}40[13]\b",
    re.IGNORECASE,
)
RATE_LIMIT: Reason = "rate_limit"
"""The account has reached a limit, or its server is busy: nothing else is wrong."""
_KINDS: dict[str, Reason] = {
    "auth": "auth_failure",
    "rate_limit": RATE_LIMIT,
    "overloaded": RATE_LIMIT,
    "quota": RATE_LIMIT,
}


def reason_from_facts(facts: Mapping[str, Any]) -> Reason | None:
    """Return the reason from an agent's facts; None if they have none."""
    failure = facts.get("failure")
    if not isinstance(failure, dict):
        return None
    return _KINDS.get(str(failure.get("kind")), "unknown")


def failure_from_facts(facts: Mapping[str, Any]) -> AgentFailure | None:
    """Return the failure for the server. Facts come from programs in the sandbox and may be
    anything.
    """
    failure = facts.get("failure")
    if not isinstance(failure, dict):
        return None
    kind, message = str(failure.get("kind")), failure.get("message")
    return AgentFailure(
        next((known for known in get_args(AgentFailureKind) if known == kind), "unknown"),
        message[:_MAX_MESSAGE_CHARS] if isinstance(message, str) else "",
    )


def match_patterns(failures: Mapping[Reason, str], output: bytes) -> Reason | None:
    """Return the reason whose adapter pattern matches the last output."""
    text = _plain_text(output)
    found = (reason for reason, pattern in failures.items() if re.search(pattern, text))
    return next(found, None)


def classify_output(exit_code: int, output: bytes) -> Reason | None:
    """Return the reason from general patterns, by exit code and last output; None for exit 0.

    Never `binary_missing`: the program existed, whatever its output says about others.
    """
    if exit_code == 0:
        return None
    text = _plain_text(output)
    if _RATE_LIMIT.search(text):
        return "rate_limit"
    if _AUTH_FAILURE.search(text):
        return "auth_failure"
    return "unknown"


def _plain_text(output: bytes) -> str:
    return _ESCAPES.sub("", output[-_MAX_OUTPUT_BYTES:].decode(errors="replace"))
