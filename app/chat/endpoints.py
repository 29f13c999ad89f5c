"""The platforms' base URLs. An operator can replace them; the new hosts are then exempt from
checks.

They come from the environment, because this package can't use Flask's `app.config`.
"""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Endpoint:
    """A base URL that ends with a slash, and the hosts that `http_client` needn't check for it."""

    url: str
    allowed_hosts: frozenset[str]


def slack() -> Endpoint:
    """Slack's Web API."""
    return _endpoint("MUSTER_SLACK_API", "https://slack.com/api/")


def lark() -> Endpoint:
    """Lark's open platform; Feishu's is https://open.feishu.cn/."""
    return _endpoint("MUSTER_LARK_API", "https://open.larksuite.com/")


def _endpoint(variable: str, default: str) -> Endpoint:
    given = os.environ.get(variable)
    if not given:
        return Endpoint(default, frozenset())
    return Endpoint(given.rstrip("/") + "/", frozenset({urlsplit(given).hostname or ""}))
