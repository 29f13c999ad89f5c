"""Messages as JSON to any https URL, signed so that the receiver can check sender and age."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from app.chat import http_client
from app.chat.messages import Address, DeliveryRefused, Message, RetryLater

# Statuses of errors that may pass by themselves; other 4xx statuses are final.
_TRANSIENT_STATUSES = frozenset({408, 421, 425, 429})


def send(address: Address, message: Message, *, allowed_hosts: frozenset[str]) -> None:
    """Post the message. Raises DeliveryRefused, RetryLater."""
    post(address, str(message.delivery_id), payload(message), allowed_hosts=allowed_hosts)


def post(
    address: Address, delivery: str, content: Mapping[str, Any], *, allowed_hosts: frozenset[str]
) -> None:
    """Post the content as JSON, signed. Raises DeliveryRefused, RetryLater."""
    body = json.dumps(content, ensure_ascii=False).encode(errors="replace")
    answer = http_client.request(
        "POST",
        address.webhook_token or "",
        headers={
            "Content-Type": "application/json",
            "Muster-Delivery": delivery,
            "Muster-Signature": sign(address.app_secret or "", body, int(time.time())),
        },
        content=body,
        allowed_hosts=allowed_hosts,
    )
    _check_response(answer)


def sign(secret: str, body: bytes, at: int) -> str:
    """Return the Muster-Signature header `t=…,v1=…`: the time of signing in Unix seconds, and
    the HMAC-SHA256 of `<t>.<body>` in hex.
    """
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def payload(message: Message) -> dict[str, object]:
    """Return the JSON body that docs/notifications.md describes."""
    gate = message.gate
    moment = message.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds")
    return {
        "deliveryId": message.delivery_id,
        "type": message.kind,
        "title": message.title,
        "body": message.body,
        "taskId": message.task_id,
        "projectKey": message.project_key,
        "status": message.status,
        "url": message.url,
        "gate": gate
        and {
            "stageIndex": gate.stage_index,
            "stageName": gate.stage_name,
            "round": gate.round,
            "number": gate.number,
            "kind": gate.kind,
            "prompt": gate.prompt,
            "choices": list(gate.choices),
            "answered": gate.answered,
        },
        "occurredAt": moment.removesuffix("+00:00") + "Z",
    }


def _check_response(answer: http_client.Response) -> None:
    if 200 <= answer.status < 300:
        return
    if 300 <= answer.status < 400:
        raise DeliveryRefused(f"answered {answer.status}: redirects are not followed")
    words = f"answered {answer.status}"
    if answer.status in _TRANSIENT_STATUSES or answer.status >= 500:
        raise RetryLater(words, http_client.retry_after(answer.headers))
    raise DeliveryRefused(words)
