"""Messages to any URL that Apprise supports, each sent by its own process.

Apprise's plugins open their own connections, each in its own way, so they can't use `http_client`.
In a separate process (`apprise_child`), every socket is checked when it connects, no environment
can leak, and the process is killed at its time limit.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.chat.incoming_events import get_text, parse_object
from app.chat.messages import Address, DeliveryRefused, Message, RetryLater, truncate
from muster.text.invisible_chars import reveal

TIMEOUT_SECONDS = 20.0
_ROOT = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-m", "app.chat.apprise_child")


def send(address: Address, message: Message, *, allowed_hosts: frozenset[str]) -> None:
    """Send the message. Raises DeliveryRefused, RetryLater."""
    title = truncate(f"[{message.project_key} #{message.task_id}] {message.title}", 250)
    send_text(address, title, _body(message), allowed_hosts=allowed_hosts)


def send_text(address: Address, title: str, body: str, *, allowed_hosts: frozenset[str]) -> None:
    """Send the text. Raises DeliveryRefused, RetryLater."""
    answer = _run(
        {
            "url": address.webhook_token,
            "title": reveal(title),
            "body": reveal(body),
            "allowedHosts": sorted(allowed_hosts),
            "seconds": TIMEOUT_SECONDS,
        }
    )
    if answer.get("sent") is True:
        return
    if words := get_text(answer, "refused"):
        raise DeliveryRefused(words)
    raise RetryLater(get_text(answer, "failed") or "Apprise couldn't send it")


def _body(message: Message) -> str:
    parts = (message.body, message.gate and message.gate.prompt, message.url)
    return "\n\n".join(part for part in parts if part) or message.state


def _run(given: dict[str, Any]) -> dict[str, Any]:
    """Return the child's result: {sent}, {refused} or {failed}; empty if it gave none."""
    # On stdin, because other users of the host can read arguments and environments.
    try:
        done = subprocess.run(
            _COMMAND,
            input=json.dumps(given).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"},
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RetryLater(f"Apprise did not finish in {TIMEOUT_SECONDS:g} s") from None
    except OSError as error:
        raise RetryLater(f"Apprise couldn't be started ({type(error).__name__})") from None
    return parse_object(done.stdout)
