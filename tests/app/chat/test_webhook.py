"""Webhooks: what is posted, that it is signed, and what becomes of answers."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.chat import senders
from app.chat.messages import Address, DeliveryRefused, GateCard, Message, RetryLater
from app.chat.webhook import payload
from app.domain.chat import BotPlatform
from tests.app.chat.loopback import HOSTS, Reply, serving

SECRET = "plugh-signing-secret"
GATE = GateCard(1, "deploy", 2, "choose", "Where to?", ("here", "there"), None)
MESSAGE = Message(
    delivery_id=7,
    kind="suspended",
    title="Where to?",
    body="Task #42 waits: “Grüße” 🎉",
    task_id=42,
    project_key="WEB",
    status="suspended",
    state="needs you",
    url="https://muster.example/tasks/42",
    gate=GATE,
    occurred_at=datetime(2030, 1, 31, 12, 0, 0, 123456, tzinfo=UTC),
)


def address(url: str) -> Address:
    return Address(BotPlatform.WEBHOOK, None, SECRET, url, None)


def verifying() -> Any:
    """The function that docs/notifications.md shows."""
    docs = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text()
    (example,) = re.findall(r"```python\n(.*?def is_from_muster.*?)```", docs, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    return names["is_from_muster"]


def test_what_is_posted_is_what_the_documentation_verifies() -> None:
    is_from_muster = verifying()
    with serving() as server:
        assert senders.send(address(f"{server.url}/in"), MESSAGE, allowed_hosts=HOSTS) is None
    (asked,) = server.asked
    assert asked.method == "POST"
    assert asked.path == "/in"
    assert asked.headers["muster-delivery"] == "7"
    assert json.loads(asked.body) == payload(MESSAGE)
    signature = asked.headers["muster-signature"]
    at = int(signature.split(",")[0].removeprefix("t="))
    assert is_from_muster(SECRET, signature, asked.body, now=at + 299)
    assert not is_from_muster(SECRET, signature, asked.body, now=at + 301)
    assert not is_from_muster(SECRET, signature, asked.body + b" ", now=at)
    assert not is_from_muster("another", signature, asked.body, now=at)
    assert not is_from_muster(SECRET, signature.replace(f"t={at}", f"t={at + 1}"), asked.body, at)
    for junk in ("", "t=,v1=", "t=x,v1=y", "v1=abc", ",,,", "t=1"):
        assert not is_from_muster(SECRET, junk, asked.body, now=at)


def test_a_payload_is_what_the_documentation_promises() -> None:
    docs = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text()
    (shown,) = re.findall(r"```json\n(\{\s*\"deliveryId\".*?)```", docs, re.DOTALL)
    assert json.loads(shown) == payload(MESSAGE)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_success_is_one(status: int) -> None:
    with serving(Reply(status, b"")) as server:
        senders.send(address(server.url), MESSAGE, allowed_hosts=HOSTS)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410, 422])
def test_what_will_not_pass_is_refused(status: int) -> None:
    reply = Reply(status, headers={"Location": "http://169.254.169.254/"})
    with serving(reply) as server, pytest.raises(DeliveryRefused, match=str(status)):
        senders.send(address(server.url), MESSAGE, allowed_hosts=HOSTS)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_when_it_says(status: int) -> None:
    reply = Reply(status, headers={"Retry-After": "17"})
    with serving(reply) as server, pytest.raises(RetryLater) as raised:
        senders.send(address(server.url), MESSAGE, allowed_hosts=HOSTS)
    assert raised.value.retry_after_seconds == 17


def test_a_host_that_is_away_is_tried_again_and_its_url_is_nobodys() -> None:
    with serving() as server:
        url = f"http://user:hunter22@127.0.0.1:{server.port}/services/T0PSECRET?key=t0psecret"
    with pytest.raises(RetryLater) as raised:
        senders.send(address(url), MESSAGE, allowed_hosts=HOSTS)
    assert "127.0.0.1 could not be reached" in raised.value.reason
    for secret in ("hunter22", "T0PSECRET", "t0psecret"):
        assert secret not in raised.value.reason


def test_a_message_without_a_gate_says_so() -> None:
    assert payload(replace(MESSAGE, gate=None))["gate"] is None


def test_an_address_does_not_print_its_secrets() -> None:
    assert SECRET not in repr(address("https://h/secret-path"))
    assert "secret-path" not in repr(address("https://h/secret-path"))
