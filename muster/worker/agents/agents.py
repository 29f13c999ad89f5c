"""What Muster knows of coding agents: their command lines, whether they are here, how they fail."""

import errno
import os
import re
import shlex
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from muster.protocol.frames import Capability
from muster.worker.agents import installs, probe
from muster.worker.agents.degradation import Reason
from muster.worker.agents.environment import search_path
from muster.worker.agents.probe import Probe

BINARIES = {"claude": "claude", "codex": "codex", "cursor": "cursor-agent"}
HOSTS = {
    "claude": ("api.anthropic.com", "console.anthropic.com", "claude.ai"),
    "codex": ("api.openai.com", "auth.openai.com", "chatgpt.com"),
    "cursor": ("*.cursor.sh", "*.cursor.com", "cursor.com"),
}
"""What each needs to reach its vendor: `@agent` in a stage's network."""

CUSTOM = "custom"
AGENTS = (*BINARIES, CUSTOM)

PROMPT = "{prompt}"
VERSION_LENGTH = 100

MISSING = frozenset({errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR})
"""What the system says of a program that it cannot run, and will not be able to run either."""

_ASK_AGAIN = 60.0  # seconds until a program that could not be started is tried again
_OUTPUT_JUDGED = 8 * 1024
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_RATE_LIMIT = re.compile(
    r"rate.?limit|too many requests|(?:usage|session|weekly) limit|quota|overloaded_error"
    r"|(?:http|status|error|code)\W{1,3}(?:429|529)\b",
    re.IGNORECASE,
)
_AUTH_FAILURE = re.compile(
    r"unauthori[sz]ed|authentication|not (?:logged|signed) in|invalid (?:api|bearer)|api.?key"
    r"|run /login|please (?:log|sign) ?in|token (?:has )?expired"
    r"|(?:http|status|error|code)\W{1,3}40[13]\b",
    re.IGNORECASE,
)


def argv(
    agent: str,
    kind: str,
    text: str,
    first: bool,
    agent_command: str | None = None,
    *,
    contained: bool = True,
) -> list[str]:
    """The command of a stage; `text` is one argument of it, unchanged, and passes no shell.

    `kind` is `agent` or `shell`; `first` says that the agent has no conversation to continue;
    `agent_command` is the project's, for `custom`; `contained` says that we keep the agent from
    what is not its own, in whatever measure. Raises ValueError.
    """
    if "\0" in text:
        raise ValueError("the text contains a NUL byte")
    if kind == "shell":
        return ["bash", "-c", text]
    if kind != "agent":
        raise ValueError(f"unknown kind of stage: {kind}")
    match agent:
        case "claude":
            rest = ["--permission-mode", "acceptEdits", *([] if first else ["--continue"])]
            return _with_text(["claude", "-p"], text, rest)
        case "codex":
            # Its own sandbox does not work in ours, and tells nobody (decision 28).
            sandbox = "danger-full-access" if contained else "workspace-write"
            return _with_text(["codex", "exec", "--sandbox", sandbox], text)
        case "cursor":
            return _with_text(["cursor-agent", "-p", "--force"], text)
        case "custom":
            return _custom(agent_command or "", text)
    raise ValueError(f"unknown agent: {agent}")


def _with_text(command: list[str], text: str, options: Iterable[str] = ()) -> list[str]:
    if text.startswith("-"):  # else the agent would read it as an option
        return [*command, *options, "--", text]
    return [*command, text, *options]


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ValueError(f"the project's agentCommand cannot be split: {error}") from None


def _custom(command: str, text: str) -> list[str]:
    words = _split(command)
    if not words:
        raise ValueError("the project has no agentCommand")
    if not any(PROMPT in word for word in words):
        return [*words, text]
    return [word.replace(PROMPT, text) for word in words]


class Binary(NamedTuple):
    """An agent's program. `changed` is another number when it is another file."""

    path: str
    changed: int


def installed(home: Path) -> list[Path]:
    """What rooms have to show, so that the agents that are found on our search path run there.
    Nothing of the worker's `home` is in it."""
    path = search_path()
    found = [shutil.which(name, path=path) for name in BINARIES.values()]
    trees = [installs.trees(Path(name), path, never=[home]) for name in found if name]
    return [*dict.fromkeys(tree for each in trees for tree in each)]


def shown(command: str, home: Path) -> list[Path]:
    """What a room has to show, so that a command which is found on our search path runs there.

    Nothing for a program that is named by a path: a project's command opens no file of the
    machine's operator. Nothing of the worker's `home` either.
    """
    words = _split(command)
    if not words or "/" in words[0]:
        return []
    found = shutil.which(words[0], path=search_path())
    return installs.trees(Path(found), search_path(), never=[home]) if found else []


def reached(agent: str, network: Iterable[str]) -> list[str]:
    """The hosts of a stage's network, with those that its agent needs in the place of `@agent`."""
    named = ((*HOSTS.get(agent, ()),) if host == "@agent" else (host,) for host in network)
    return [*dict.fromkeys(host for hosts in named for host in hosts)]


class Versions:
    """What agents answer to `--version`; each binary is asked once, in the background, again when
    it has changed, and now and then while it cannot be started."""

    def __init__(self, path: str | None = None, look: Probe = probe.HERE) -> None:
        """`look` finds the binaries and asks them: as an attempt would, where that is known."""
        self.path = search_path(path)
        self._look = look
        self._lock = threading.Lock()
        self._asked: dict[Binary, threading.Thread] = {}
        self._known: dict[Binary, str] = {}
        self._unstartable: dict[Binary, float] = {}  # when each was last tried

    def find(self, agent: str) -> Binary | None:
        """The program of an agent type on the search path."""
        found = self._look.which(BINARIES.get(agent, agent), self.path)
        return Binary(found, _changed(found)) if found else None

    def of(self, binary: Binary) -> str | None:
        """The binary's version; None while it has not answered, and if it never does."""
        with self._lock:
            tried, now = self._unstartable.get(binary), time.monotonic()
            is_due = tried is not None and tried <= now - _ASK_AGAIN
            if is_due:
                self._unstartable[binary] = now
            if is_due or binary not in self._asked:
                asking = threading.Thread(
                    target=self._ask, args=(binary,), name=f"version-{binary.path}", daemon=True
                )
                self._asked[binary] = asking
                asking.start()
            return self._known.get(binary)

    def is_startable(self, binary: Binary) -> bool:
        """False once the system has said that it cannot start the binary."""
        with self._lock:
            return binary not in self._unstartable

    def wait(self, timeout: float = probe.PATIENCE) -> None:
        """Waits until all binaries that were asked have answered, or for `timeout` seconds each."""
        with self._lock:
            asking = list(self._asked.values())
        for thread in asking:
            thread.join(timeout)

    def _ask(self, binary: Binary) -> None:
        env = {"PATH": self.path, "HOME": "/nonexistent", "LANG": "C.UTF-8"}
        try:
            answer = self._look.run([binary.path, "--version"], env) or ""
        except OSError as error:
            if error.errno in MISSING:
                with self._lock:
                    self._unstartable[binary] = time.monotonic()
            return
        lines = answer.strip().splitlines()
        with self._lock:
            self._unstartable.pop(binary, None)
            if lines:
                self._known[binary] = lines[0][:VERSION_LENGTH]


def capability(agent: str, binary: Binary | None, versions: Versions) -> Capability:
    """What is told of an agent type whose program was looked for. Returns at once.

    `custom` is always there: its programs are the projects' own.
    """
    if agent == CUSTOM:
        return Capability(agent)
    version = versions.of(binary) if binary else None
    if binary is None or not versions.is_startable(binary):
        return Capability(agent, healthy=False, reason="binary_missing")
    return Capability(agent, version)


def _changed(binary: str) -> int:
    try:
        return os.stat(binary).st_mtime_ns
    except OSError:
        return 0


def classify(exit_code: int, output: bytes) -> Reason | None:
    """Why a stage of an agent failed, by its exit code and last output; None for exit 0.

    Never `binary_missing`: what ran was there, whatever it says of others.
    """
    if exit_code == 0:
        return None
    text = _ESCAPES.sub("", output[-_OUTPUT_JUDGED:].decode(errors="replace"))
    if _RATE_LIMIT.search(text):
        return "rate_limit"
    if _AUTH_FAILURE.search(text):
        return "auth_failure"
    return "unknown"
