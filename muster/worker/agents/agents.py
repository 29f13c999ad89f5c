"""What Muster knows of coding agents: their command lines, whether they are here, how they fail."""

import math
import os
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from muster.protocol.frames import Capability
from muster.worker.agents.environment import search_path

BINARIES = {"claude": "claude", "codex": "codex", "cursor": "cursor-agent"}
CUSTOM = "custom"
AGENTS = (*BINARIES, CUSTOM)

PROMPT = "{prompt}"
VERSION_TIMEOUT = 5.0
VERSION_LENGTH = 100

Reason = Literal["binary_missing", "auth_failure", "rate_limit", "unknown"]

FAILURES_TO_DEGRADE = 3
DEGRADED_SECONDS: dict[Reason, float] = {
    "binary_missing": math.inf,  # until a restart finds it
    "auth_failure": 300.0,
    "rate_limit": 60.0,
    "unknown": 600.0,
}

_OUTPUT_JUDGED = 8 * 1024
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_NOT_FOUND = re.compile(r"command not found|no such file or directory", re.IGNORECASE)
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
    agent: str, kind: str, text: str, first: bool, agent_command: str | None = None
) -> list[str]:
    """The command of a stage; `text` is one argument of it, unchanged, and passes no shell.

    `kind` is `agent` or `shell`; `first` says that the agent has no conversation to continue;
    `agent_command` is the project's, for `custom`. Raises ValueError.
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
            return _with_text(["codex", "exec", "--full-auto"], text)
        case "cursor":
            return _with_text(["cursor-agent", "-p", "--force"], text)
        case "custom":
            return _custom(agent_command or "", text)
    raise ValueError(f"unknown agent: {agent}")


def _with_text(command: list[str], text: str, options: Iterable[str] = ()) -> list[str]:
    if text.startswith("-"):  # else the agent would read it as an option
        return [*command, *options, "--", text]
    return [*command, text, *options]


def _custom(command: str, text: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"the project's agentCommand cannot be split: {error}") from None
    if not words:
        raise ValueError("the project has no agentCommand")
    if not any(PROMPT in word for word in words):
        return [*words, text]
    return [word.replace(PROMPT, text) for word in words]


class Versions:
    """What agents answer to `--version`; each binary is asked once, in the background."""

    def __init__(self, path: str | None = None) -> None:
        self.path = search_path(path)
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, int], threading.Thread] = {}
        self._known: dict[tuple[str, int], str] = {}

    def of(self, binary: str) -> str | None:
        """The binary's version; None while it has not answered, and if it never does."""
        key = (binary, _changed(binary))
        with self._lock:
            if key not in self._asked:
                asking = threading.Thread(
                    target=self._ask, args=(key,), name=f"agent-version-{binary}", daemon=True
                )
                self._asked[key] = asking
                asking.start()
            return self._known.get(key)

    def wait(self, timeout: float = VERSION_TIMEOUT) -> None:
        """Waits until all binaries that were asked have answered, or for `timeout` seconds each."""
        with self._lock:
            asking = list(self._asked.values())
        for thread in asking:
            thread.join(timeout)

    def _ask(self, key: tuple[str, int]) -> None:
        if version := _version(key[0], self.path):
            with self._lock:
                self._known[key] = version


def capabilities(agents: Iterable[str], versions: Versions) -> list[Capability]:
    """Which of these agents are installed here. Returns at once; `custom` is always there."""
    wanted = dict.fromkeys([*agents, CUSTOM])
    return [_capability(agent, versions) for agent in wanted]


def _capability(agent: str, versions: Versions) -> Capability:
    if agent == CUSTOM:
        return Capability(agent)
    binary = shutil.which(BINARIES.get(agent, agent), path=versions.path)
    if binary is None:
        return Capability(agent, healthy=False, reason="binary_missing")
    return Capability(agent, versions.of(binary))


def _changed(binary: str) -> int:
    try:
        return os.stat(binary).st_mtime_ns
    except OSError:
        return 0


def _version(binary: str, path: str) -> str | None:
    try:
        done = subprocess.run(
            [binary, "--version"],
            env={"PATH": path, "HOME": "/nonexistent", "LANG": "C.UTF-8"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=VERSION_TIMEOUT,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    return lines[0][:VERSION_LENGTH] if lines and done.returncode == 0 else None


def classify(exit_code: int, output: bytes) -> Reason | None:
    """Why a stage of an agent failed, by its exit code and last output; None for exit 0."""
    if exit_code == 0:
        return None
    text = _ESCAPES.sub("", output[-_OUTPUT_JUDGED:].decode(errors="replace"))
    if exit_code == 127 or (exit_code == 126 and _NOT_FOUND.search(text)):
        return "binary_missing"
    if _RATE_LIMIT.search(text):
        return "rate_limit"
    if _AUTH_FAILURE.search(text):
        return "auth_failure"
    return "unknown"


@dataclass
class Degradation:
    """Whether an agent type should get work: three failures in a row say no, for a while.

    `now` is any clock in seconds that does not go back. The latest failure's reason counts.
    """

    failures: int = 0
    reason: Reason | None = None
    until: float = field(default=-math.inf)

    def fail(self, reason: Reason, now: float) -> None:
        self.failures += 1
        self.reason = reason
        if self.failures >= FAILURES_TO_DEGRADE:
            self.until = now + DEGRADED_SECONDS[reason]

    def succeed(self) -> None:
        self.failures, self.reason, self.until = 0, None, -math.inf

    def degraded(self, now: float) -> Reason | None:
        """Why no work should come now; None when it may."""
        return self.reason if now < self.until else None
