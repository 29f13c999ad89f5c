"""Headless Chromium, driven over its DevTools protocol: as much of that as one page needs."""

import base64
import itertools
import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import connect

from tests.wait import Problem, exit_of, wait_until

TIMEOUT_SECONDS = 30.0
# As root it has no sandbox, and it is to ask nobody for anything.
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    # A page that is answered here comes from no address, and could not open a socket otherwise.
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
    "--remote-debugging-port=0",
)
_CONTROL = 2  # a modifier
_KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, None), "Tab": ("Tab", 9, None)}

Pages = Mapping[str, tuple[str, bytes]]
"""By URL: what a page is given in place of what the server would say, with its content type."""


def wait_for(
    look: Callable[[], Any],
    what: str,
    patience: float = TIMEOUT_SECONDS,
    problem: Problem = lambda: None,
) -> Any:
    return wait_until(look, what, patience, problem=problem)


class Chromium:
    """A browser with its profile in `directory`."""

    def __init__(self, command: str, directory: Path) -> None:
        self._log = (directory / "chromium.log").open("wb")
        argv = [command, *_FLAGS, f"--user-data-dir={directory}", "about:blank"]
        self._process = subprocess.Popen(
            argv, stdout=self._log, stderr=self._log, start_new_session=True
        )
        port_file = directory / "DevToolsActivePort"
        try:
            wait_for(
                lambda: port_file.exists() and port_file.read_text().count("\n") >= 1,
                "browser",
                60.0,
                exit_of(self._process, directory / "chromium.log"),
            )
        except AssertionError:
            self.__exit__()
            raise
        self._address = f"http://127.0.0.1:{port_file.read_text().splitlines()[0]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # The command may be a script that waits for the browser, which has children of its own.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(TIMEOUT_SECONDS)
        self._log.close()

    def open(self, url: str, pages: Pages) -> "Page":
        """A new tab."""
        request = urllib.request.Request(f"{self._address}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            target = json.load(answer)
        return Page(target["webSocketDebuggerUrl"], url, pages)


class Page:
    """A tab. Of what it asks for, `pages` are answered here, so that they are of any origin."""

    def __init__(self, debugger: str, url: str, pages: Pages) -> None:
        self._numbers = itertools.count(1)
        self._pages = pages
        dialled = connect(debugger, max_size=None, compression=None, ping_interval=None)
        self._socket = dialled.__enter__()  # until `close`
        self._call("Fetch.enable", patterns=[{"urlPattern": known} for known in pages])
        self._call("Emulation.setFocusEmulationEnabled", enabled=True)
        self._send("Page.navigate", url=url)
        # Until it is there the blank page that was there before answers, or nobody does.
        is_there = f"location.href === {json.dumps(url)} && document.readyState === 'complete'"
        wait_for(lambda: self._evaluate(is_there).get("result", {}).get("value"), "page")

    def evaluate(self, expression: str) -> Any:
        """Its value, waited for if it is a promise. Fails where it throws."""
        done = self._evaluate(expression)
        assert "result" in done, done
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def call(self, function: str, *arguments: object) -> Any:
        return self.evaluate(f"{function}({','.join(map(json.dumps, arguments))})")

    def type(self, text: str) -> None:
        """Key by key."""
        for character in text:
            self._key(character, text=character, unmodifiedText=character)

    def press(self, name: str) -> None:
        """Enter, Escape or Tab."""
        key, code, text = _KEYS[name]
        more = {"text": text} if text else {}
        self._key(key, code=name, windowsVirtualKeyCode=code, **more)

    def press_control(self, letter: str) -> None:
        code = ord(letter.upper())
        name = f"Key{letter.upper()}"
        self._key(letter, code=name, windowsVirtualKeyCode=code, modifiers=_CONTROL)

    def close(self) -> None:
        self._call("Page.close")
        self._socket.close()

    def _key(self, key: str, **more: Any) -> None:
        kind = "keyDown" if "text" in more else "rawKeyDown"
        self._call("Input.dispatchKeyEvent", type=kind, key=key, **more)
        more.pop("text", None)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=key, **more)

    def _evaluate(self, expression: str) -> dict[str, Any]:
        """What comes of it; an error where the page goes away meanwhile."""
        given = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self._answer("Runtime.evaluate", **given)
        return dict(answer.get("result", answer))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        answer = self._answer(method, **parameters)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return dict(answer["result"])

    def _answer(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = self._send(method, **parameters)
        while True:
            message = json.loads(self._socket.recv(timeout=TIMEOUT_SECONDS))
            if message.get("method") == "Fetch.requestPaused":
                self._give(message["params"])
            if message.get("id") == number:
                return dict(message)

    def _send(self, method: str, **parameters: Any) -> int:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        return number

    def _give(self, paused: dict[str, Any]) -> None:
        kind, content = self._pages[paused["request"]["url"]]
        self._send(
            "Fetch.fulfillRequest",
            requestId=paused["requestId"],
            responseCode=200,
            responseHeaders=[{"name": "Content-Type", "value": kind}],
            body=base64.b64encode(content).decode(),
        )
