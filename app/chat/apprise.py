"""Anywhere else: any URL that Apprise knows, through a process of its own.

Apprise's plugins open their own connections, each in its own way, so that no client of ours can
stand between. A process of their own can: in it every socket is judged at the moment it connects,
it has no environment to leak, and it is killed when its time is over.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.chat.incoming import document, text_of
from app.chat.messages import Address, DeliveryRefused, Message, TryAgain, cut

SECONDS = 20.0
_ROOT = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-m", "app.chat.apprise_child")


def send(address: Address, message: Message, *, allowed_hosts: frozenset[str]) -> None:
    """Raises DeliveryRefused, TryAgain."""
    said = _run(
        {
            "url": address.webhook_token,
            "title": cut(f"[{message.project_key} #{message.task_id}] {message.title}", 250),
            "body": _body(message),
            "allowedHosts": sorted(allowed_hosts),
            "seconds": SECONDS,
        }
    )
    if said.get("sent") is True:
        return
    if words := text_of(said, "refused"):
        raise DeliveryRefused(words)
    raise TryAgain(text_of(said, "failed") or "Apprise could not send it")


def _body(message: Message) -> str:
    parts = (message.body, message.gate and message.gate.prompt, message.url)
    return "\n\n".join(part for part in parts if part) or message.status


def _run(given: dict[str, Any]) -> dict[str, Any]:
    # On stdin: arguments and environments can be read by others on the host.
    try:
        done = subprocess.run(
            _COMMAND,
            input=json.dumps(given).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TryAgain(f"Apprise was not done in {SECONDS:g} s") from None
    except OSError as error:
        raise TryAgain(f"Apprise could not be started ({type(error).__name__})") from None
    return document(done.stdout)
