"""Every route of the contract that a person may want has a command, which asks it."""

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
from tests.muster.cli.shell import Said, Shell

# What cannot be done in the world as it is, and is asked for all the same. For real all of it is
# done, and what has no route of its own: tests/install/every.
REFUSED = {
    "POST /api/web/tasks/:taskId/retry": "task_not_ended",
    "PUT /api/web/tasks/:taskId/seen": "task_not_ended",
    "POST /api/web/projects/:key/network/allow": "network_open",
    "DELETE /api/admin/bots/:botId/bindings": "not_found",
}


def test_each_route_has_a_command_or_a_reason_to_have_none() -> None:
    routes = [f"{row.method} {row.path}" for row in page.rows()]
    assert set(routes) == set(COMMANDS) | set(WITHOUT)
    assert not set(COMMANDS) & set(WITHOUT)


class Taken:
    """Says commands in a world, and takes back what each has done."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.world = make_world(app)
        self.app = app
        self.file = folder / "project.yaml"
        self.file.write_text(f"key: {self.world.key}\nname: Another name\n")

    def say(self, line: str) -> tuple[Said, list[str]]:
        """What was said, and which routes were asked for."""
        who, _, command = line.rpartition(": ") if ": " in line else ("admin", "", line)
        if "{" in command:
            command = command.format(**asdict(self.world), file=self.file)
        shell = Shell(self._answer)
        shell.hold(Tokens(access=self.world.bearers[who]))
        of_app = Shell(self.app)
        self._real = of_app
        engine: Any = db.engine
        savepoint = engine.begin_nested()
        try:
            said = shell(*shlex.split(command), given="correct horse battery staple\n")
        finally:
            db.session.remove()
            savepoint.rollback()
        return said, [_route(request) for request in shell.asked]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """The app's own answer; but a stream, which never ends, says how far things are."""
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
    taken = Taken(app, tmp_path)
    wrong = {}
    for route, line in COMMANDS.items():
        said, asked = taken.say(line)
        hit = any(_is(one, route) for one in asked)
        if route in REFUSED:
            fine = said.status in (errors.FAILED, errors.NOT_ALLOWED) and REFUSED[route] in said.err
        else:
            fine = said.status in (errors.DONE, errors.WAITS, errors.INTERRUPTED)
        if not (hit and fine):
            wrong[route] = (line, said.status, said.err[-300:], asked)
    assert not wrong, wrong
