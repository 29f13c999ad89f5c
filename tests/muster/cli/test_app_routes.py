"""Every route of the contract for people has a command that requests it."""

import re
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from app.extensions import db
from muster.cli import errors
from muster.cli.tokens import Tokens
from tests.contract import page
from tests.contract.rights_world import make_world
from tests.muster.cli.routes_table import COMMANDS, WITHOUT
from tests.muster.cli.shell import CommandResult, Shell

# Requests that fail in this world, but are sent all the same. tests/install/every runs all of them
# for real, as well as commands without their own route.
REFUSED = {
    "POST /api/web/tasks/:taskId/retry": "task_not_ended",
    "POST /api/web/tasks/:taskId/send-back": "no_failed_check",
    "PUT /api/web/tasks/:taskId/dismiss": "task_not_ended",
    "POST /api/web/tasks/:taskId/messages": "no_messages",
    "POST /api/web/tasks/:taskId/interrupt": "no_messages",
    "POST /api/web/projects/:key/network/allow": "network_open",
    "DELETE /api/admin/bots/:botId/bindings": "not_found",
}


def test_each_route_has_a_command_or_a_reason_to_have_none() -> None:
    routes = [str(line) for line in page.lines()]
    assert set(routes) == set(COMMANDS) | set(WITHOUT)
    assert not set(COMMANDS) & set(WITHOUT)


class RolledBackShell:
    """Runs commands in a world, and rolls back their effects."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.world = make_world(app)
        self.app = app
        self.file = folder / "project.yaml"
        self.file.write_text(f"key: {self.world.key}\nname: Another name\n")

    def run(self, line: str) -> tuple[CommandResult, list[str]]:
        """Run a command; return its result and the requested routes."""
        who, _, command = line.rpartition(": ") if ": " in line else ("admin", "", line)
        if "{" in command:
            command = command.format(**asdict(self.world), file=self.file)
        shell = Shell(self._answer)
        shell.store_tokens(Tokens(access=self.world.bearers[who]))
        of_app = Shell(self.app)
        self._real = of_app
        engine: Any = db.engine
        savepoint = engine.begin_nested()
        try:
            result = shell(*shlex.split(command), input_text="correct horse battery staple\n")
        finally:
            db.session.remove()
            savepoint.rollback()
        return result, [_route(request) for request in shell.asked]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """Return the app's response, but replace endless streams by a short one."""
        if request.url.path.endswith("/stream"):
            text = 'event: hello\nid: 1:\ndata: {"events": 1, "logs": {}, "transcripts": {}}\n\n'
            if "tasks" not in request.url.path:
                raise KeyboardInterrupt
            return httpx.Response(200, text=text)
        return self._real._answer(request)


def _route(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"


def _is(asked: str, route: str) -> bool:
    pattern = re.sub(r":\w+", "[^/]+", route)
    return re.fullmatch(pattern, asked) is not None


@pytest.mark.usefixtures("home")
def test_each_command_asks_its_route(app: Flask, tmp_path: Path) -> None:
    taken = RolledBackShell(app, tmp_path)
    wrong = {}
    for route, line in COMMANDS.items():
        result, routes = taken.run(line)
        hit = any(_is(one, route) for one in routes)
        if route in REFUSED:
            fine = (
                result.status in (errors.FAILED, errors.NOT_ALLOWED)
                and REFUSED[route] in result.err
            )
        else:
            fine = result.status in (errors.DONE, errors.WAITING, errors.INTERRUPTED)
        if not (hit and fine):
            wrong[route] = (line, result.status, result.err[-300:], routes)
    assert not wrong, wrong
