"""Headers that many responses have."""

from typing import Any

COMPONENTS: dict[str, Any] = {
    "RequestId": {
        "description": "ID of the request in the logs; yours, if you sent 1 to 64 of A-Za-z0-9._-",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "RetryAfter": {
        "description": "seconds to wait",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "WwwAuthenticate": {
        "description": "`Bearer`, with `error` if you sent an invalid token (RFC 6750)",
        "required": True,
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "path of the created resource",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "RateLimitLimit": {
        "description": "requests per minute for the credential; where a password is asked "
        "for, failures per 15 minutes",
        "schema": {"type": "integer"},
    },
    "RateLimitRemaining": {"description": "number left", "schema": {"type": "integer"}},
    "RateLimitReset": {
        "description": "seconds until the limit resets",
        "schema": {"type": "integer"},
    },
}


def _reference(header: str, component: str) -> dict[str, Any]:
    return {header: {"$ref": f"#/components/headers/{component}"}}


REQUEST_ID = _reference("X-Request-ID", "RequestId")
RETRY_AFTER = _reference("Retry-After", "RetryAfter")
WWW_AUTHENTICATE = _reference("WWW-Authenticate", "WwwAuthenticate")
LOCATION = _reference("Location", "Location")
RATE_LIMIT = {
    **_reference("RateLimit-Limit", "RateLimitLimit"),
    **_reference("RateLimit-Remaining", "RateLimitRemaining"),
    **_reference("RateLimit-Reset", "RateLimitReset"),
}
