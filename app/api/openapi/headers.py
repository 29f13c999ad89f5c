"""Headers that many answers have."""

from typing import Any

COMPONENTS: dict[str, Any] = {
    "RequestId": {
        "description": "names the request in the logs; yours, if it was 1 to 64 of A-Za-z0-9._-",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "RetryAfter": {
        "description": "seconds to wait",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "WwwAuthenticate": {
        "description": "`Bearer`, with `error` when a token came and was not good (RFC 6750)",
        "required": True,
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "the path of what has been made",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "RateLimitLimit": {
        "description": "requests that the credential is good for in a minute; where a password is "
        "asked for, failures that are let pass in a quarter of an hour",
        "schema": {"type": "integer"},
    },
    "RateLimitRemaining": {"description": "how many are left", "schema": {"type": "integer"}},
    "RateLimitReset": {
        "description": "seconds until there are more",
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
