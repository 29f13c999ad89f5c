"""Runs `muster` as a shell would, against an app or a replacement."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

import httpx
from flask import Flask

from app.models import Developer
from muster.cli import app as cli
from muster.cli import profiles, tokens
from muster.cli.profiles import Config, Profile
from muster.cli.tokens import Tokens
from tests.factories import access_token_of

SERVER = "http://127.0.0.1:9000"


@dataclass(frozen=True)
class CommandResult:
    """A command's exit status, stdout and stderr."""

    status: int
    bytes: bytes
    err: str

    @property
    def out(self) -> str:
        return self.bytes.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Stream(io.TextIOWrapper):
    """A standard stream that can pose as a terminal."""

    def __init__(self, *, is_terminal: bool = False, content: bytes = b"") -> None:
        super().__init__(io.BytesIO(content), "utf-8", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


class Shell:
    """`shell("task", "list")` runs `muster task list`. `asked` has all requests so far."""

    def __init__(self, answers: Flask | Callable[[httpx.Request], httpx.Response]) -> None:
        self.asked: list[httpx.Request] = []
        self._stderr = Stream()
        self._answers = answers

    def __call__(
        self, *arguments: str, input_text: str = "", is_terminal: bool = False
    ) -> CommandResult:
        out, err = Stream(is_terminal=is_terminal), Stream(is_terminal=is_terminal)
        stdin = Stream(content=input_text.encode(), is_terminal=is_terminal)
        self._stderr = err
        streams = {"stdout": out, "stderr": err, "stdin": stdin}
        with mock.patch.multiple(sys, **streams):
            status = cli.main(arguments, transport=httpx.MockTransport(self._answer))
        return CommandResult(status, _bytes(out), _bytes(err).decode())

    @property
    def err(self) -> str:
        """The running command's stderr so far."""
        return _bytes(self._stderr).decode()

    def done(self, *arguments: str, input_text: str = "") -> CommandResult:
        """Run a command that must succeed."""
        result = self(*arguments, input_text=input_text)
        assert result.status == 0, result.err
        return result

    def sign_in(self, developer: Developer) -> None:
        self.store_tokens(Tokens(access=access_token_of(developer)))

    def store_tokens(self, held: Tokens, server: str = SERVER, name: str = "work") -> Profile:
        """Create a profile of the server with these tokens."""
        profile = Profile(name, server)
        tokens.store_tokens(profile, held)
        profiles.write_config(Config({name: profile}, name))
        return profile

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if not isinstance(self._answers, Flask):
            return self._answers(request)
        answer = self._answers.test_client().open(
            request.url.raw_path.decode(),
            base_url=SERVER,
            method=request.method,
            headers=list(request.headers.items()),
            data=request.read(),
        )
        return httpx.Response(answer.status_code, headers=list(answer.headers), content=answer.data)


def _bytes(stream: Stream) -> bytes:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue()
