"""`muster machine add`: the install command, and waiting for the machine."""

import json
from typing import Any

import httpx
import pytest
from flask import Flask

from app.domain.roles import SystemRole
from muster.cli.tokens import Tokens
from tests.factories import make_developer
from tests.muster.cli.shell import Shell

CLAUDE = {"agentType": "claude", "version": "2.1.0", "healthy": True}
MACHINE = {"id": "0b7e5a4c-3f8d-4c7e-9a51-6d2f8e1b4c90", "name": "whimbrel"}


def test_it_prints_a_line_with_a_token_and_nothing_else(app: Flask) -> None:
    shell = Shell(app)
    shell.sign_in(make_developer(role=SystemRole.ADMIN))
    result = shell.done("machine", "add", "--label", "rack 4")
    assert result.out.startswith("curl -fsSL http://127.0.0.1:9000/install/worker.sh | ")
    assert (result.out.count("\n"), result.out.count("mst_enroll_")) == (1, 1)
    (enrollment,) = shell.done("machine", "add", "--json", "id,label,installLine,agents").json
    assert (enrollment["label"], enrollment["agents"]) == ("", [])
    assert "sh -s --" in enrollment["installLine"]


def test_only_admins_add_machines(app: Flask) -> None:
    shell = Shell(app)
    shell.sign_in(make_developer())
    assert shell("machine", "add").status == 3


class Server:
    """Responds as a server whose new machine makes one step of progress per request."""

    def __init__(
        self,
        *steps: dict[str, Any],
        line: str | None = "curl … | sh -s --",
        expires_at: str = "2100-01-01T00:00:00.000Z",
        news: str = "",
    ) -> None:
        self._steps, self._line, self._expires_at = list(steps), line, expires_at
        self._news = news or "".join(f"id: {n}\nevent: update\ndata: {{}}\n\n" for n in range(5))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/web/stream":
            return httpx.Response(200, text=f"event: hello\ndata: {{}}\n\n{self._news}")
        if path.endswith("/status"):
            step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
            nothing = dict.fromkeys(("usedAt", "connectedAt", "machine", "firstTask"))
            return httpx.Response(200, json={"status": "unused", "agents": [], **nothing, **step})
        assert (request.method, path) == ("POST", "/api/admin/worker-tokens")
        made = {"id": 7, "label": "", "token": "mst_enroll_x", "installLine": self._line}
        made["expiresAt"] = self._expires_at
        return httpx.Response(201, json=made)


def asking(server: Server) -> Shell:
    """A shell that is signed in to it."""
    shell = Shell(server)
    shell.store_tokens(Tokens(access="known"))
    return shell


REDEEMED = {"status": "used", "usedAt": "2026-01-01T00:00:00.000Z", "machine": MACHINE}
CONNECTED = {**REDEEMED, "connectedAt": "2026-01-01T00:00:04.000Z", "agents": [CLAUDE]}


def test_it_waits_until_the_machine_has_told_its_agents() -> None:
    shell = asking(Server({}, REDEEMED, CONNECTED))
    result = shell.done("machine", "add", "--wait", "--json", "machine,agents,connectedAt")
    assert "curl … | sh -s --" in result.err
    assert "whimbrel has enrolled." in result.err
    assert "whimbrel is connected. Agents: claude." in result.err
    (enrollment,) = json.loads(result.out)
    assert enrollment["agents"] == [CLAUDE]
    assert enrollment["machine"]["name"] == "whimbrel"


def test_what_a_machine_calls_itself_and_its_agents_does_not_speak_to_the_terminal() -> None:
    bell = "\x1b]52;c;eA==\x07"
    machine, agent = (
        {**MACHINE, "name": f"whim{bell}brel"},
        {**CLAUDE, "agentType": f"cl{bell}aude"},
    )
    enrollment = {**CONNECTED, "machine": machine, "agents": [agent]}
    result = asking(Server({}, enrollment, line=f"curl{bell} x"))("machine", "add", "--wait")
    assert "whimbrel is connected. Agents: claude." in result.err
    assert "\x1b]" not in result.err + result.out
    assert asking(Server({}, line=f"curl{bell} x")).done("machine", "add").out == "curl x\n"


@pytest.mark.parametrize("status", ["revoked", "expired"])
def test_it_waits_for_no_token_that_is_over(status: str) -> None:
    result = asking(Server({"status": status}))("machine", "add", "--wait")
    assert (result.status, result.out) == (1, "")
    assert f"The token is {status}." in result.err


def test_it_waits_no_longer_than_the_token_is_good_although_that_is_no_news() -> None:
    server = Server({}, {"status": "expired"}, expires_at="2026-01-01T00:00:00.000Z", news=": \n")
    shell = asking(server)
    result = shell("machine", "add", "--wait")
    assert (result.status, "The token is expired." in result.err) == (1, True)
    assert [request.url.path for request in shell.asked].count("/api/web/stream") == 1
    # While the token is valid, heartbeats trigger no request.
    shell = asking(Server({}, {"status": "revoked"}, news=": \n" * 9))
    assert shell("machine", "add", "--wait").status == 1
    streams = [request for request in shell.asked if request.url.path == "/api/web/stream"]
    looks = [request for request in shell.asked if request.url.path.endswith("/status")]
    assert len(looks) == len(streams) == 2


def test_where_nothing_can_be_installed_it_says_what_to_do() -> None:
    result = asking(Server({}, line=None))("machine", "add")
    assert (result.status, result.out) == (1, "")
    assert "make dist" in result.err
