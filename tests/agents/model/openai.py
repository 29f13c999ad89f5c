"""What OpenAI's two protocols share: the key, and how they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.agents.model.script import Refusal
from tests.agents.model.wire import Refused, seconds

# https://platform.openai.com/docs/guides/error-codes
ERRORS = {
    "unauthorized": (401, "invalid_request_error", "invalid_api_key"),
    "rate_limited": (429, "requests", "rate_limit_exceeded"),
    # What a subscription says that is spent; codex reads its `resets_at`.
    "quota": (429, "usage_limit_reached", None),
    "overloaded": (503, "service_unavailable_error", "server_is_overloaded"),
    "broken": (500, "server_error", None),
    "malformed": (400, "invalid_request_error", None),
}


def key(headers: Mapping[str, str]) -> str:
    return headers.get("authorization", "").removeprefix("Bearer ")


def refused(refusal: Refusal, message: str, now: float) -> Refused:
    status, kind, code = ERRORS[refusal.kind]
    if refusal.kind == "unauthorized":
        # aider's library knows a wrong key by these words alone.
        message = f"Incorrect API key provided: {message}"
    error: dict[str, Any] = {"message": message, "type": kind, "param": None, "code": code}
    headers = {"x-request-id": "req_0001"}
    after = refusal.retry_after
    if refusal.kind == "quota":
        error |= {"plan_type": "pro"}
        error |= {"resets_at": int(now + after)} if after is not None else {}
    elif after is not None:
        error["message"] = f"{message} Please try again in {seconds(after)}s."
        headers |= {
            "retry-after": seconds(after),
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": f"{seconds(after)}s",
        }
    return Refused(status, headers, {"error": error})
