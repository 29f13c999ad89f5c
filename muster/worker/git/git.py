"""Runs git; nothing else in the worker does.

Every run has an environment built from scratch, no user's settings, no terminal to ask on, a
time limit, and a process group of its own that dies with it. Settings of ours travel as
`GIT_CONFIG_*` variables: they outrank every file, also those that an agent can write.
"""

import os
import re
import resource
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from muster.worker.git.conversation import (
    PROGRESS,
    Conversation,
    Enough,
    Exceeded,
    Flag,
    Progress,
    Take,
)
from muster.worker.room.room import NoSandbox, Room

__all__ = [
    "DEFAULT_TIMEOUT",
    "Flag",
    "GitCancelled",
    "GitError",
    "GitExceeded",
    "GitTimeout",
    "Progress",
    "environment",
    "mask",
    "run",
    "run_script",
    "stream",
]

DEFAULT_TIMEOUT = 60.0
PROTOCOLS = "file"
"""The protocol between a mirror and its workspaces; a `Remote` sets another (`environment`)."""
MESSAGE_LENGTH = 2_000

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "commit.gpgSign": "false",
    "push.gpgSign": "false",
    "gc.auto": "0",
    # It names commits for a while after they were pruned, also to those who borrow the objects.
    "gc.writeCommitGraph": "false",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "push.recurseSubmodules": "no",
    "transfer.bundleURI": "false",
    "protocol.ext.allow": "never",
    # What an agent committed must not cost the daemon's own git the machine's memory.
    "core.bigFileThreshold": "64m",
    "pack.windowMemory": "256m",
}


class GitError(Exception):
    """git failed. `message` is in git's own words, trimmed, credentials masked."""

    def __init__(
        self, message: str, stderr: str = "", stdout: str = "", status: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.stderr = stderr
        self.stdout = stdout
        self.status = status  # git's exit status, if it had one


class GitTimeout(GitError):
    """git took longer than it was given, and was killed."""


class GitExceeded(GitError):
    """git, or what the workspace had it run, used more than an attempt may, and was killed."""


class GitCancelled(GitError):
    """Somebody asked to stop, and git was killed."""


def run(
    args: Sequence[str],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    on_progress: Progress | None = None,
    *,
    room: Room | None = None,
    settings: Mapping[str, str] | None = None,
    cancelled: Flag | None = None,
    secrets: Iterable[str] = (),
    reads_from: Room | None = None,
) -> str:
    """Runs `git ARGS` and returns what it wrote to its standard output.

    `env` and `settings` (git's own, by their dotted names) come on top of ours, `timeout` is in
    seconds. In a `room`, with its rights and no network, nothing that git started is left
    afterwards. `reads_from` is the room of a command that git itself runs, which announces it.
    Raises GitError, GitTimeout, GitCancelled, NoSandbox.
    """
    argv = ["git", *args]
    if room:
        argv = room.command("git", "-C", room.workspace, *args, cwd=None, announced=True)
    return _run(
        argv,
        f"git {args[0]}",
        cwd,
        environment(env, settings),
        timeout,
        on_progress,
        room=room,
        announced_by=room or reads_from,
        cancelled=cancelled,
        secrets=secrets,
    )


def run_script(
    script: str,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    *,
    room: Room,
    cancelled: Flag | None = None,
) -> str:
    """Runs a shell script of git commands, as `run` does with one, in one room."""
    words = ("sh", "-c", f'cd "$0" || exit\n{script}', room.workspace)
    argv = room.command(*words, cwd=None, announced=True)
    own = environment(env)
    return _run(argv, "git", cwd, own, timeout, room=room, announced_by=room, cancelled=cancelled)


def stream(
    args: Sequence[str],
    cwd: Path,
    take: Take,
    timeout: float,
    *,
    memory: int,
    settings: Mapping[str, str] | None = None,
    cancelled: Flag | None = None,
    given: IO[bytes] | None = None,
) -> bool:
    """Runs `git ARGS` for what it writes, which `take` gets piece by piece; False if it has had
    enough, and git was ended. The file `given` is git's standard input.

    git may have so many bytes of `memory` beside the files that it maps. Raises as `run`.
    """
    process = _start(["git", *args], cwd, environment(None, settings), given)
    with suppress(OSError):  # it may have ended already
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory, memory))
    conversation = Conversation(process, None, None, take)
    name = f"git {args[0]}"
    try:
        status = _ended(conversation, name, timeout, cancelled)
    except Enough:
        return False
    finally:
        conversation.close()
    if status != 0:
        stderr = mask(conversation.stderr.decode(errors="replace"))
        raise GitError(_words(stderr) or f"{name} ended with {status}", stderr, "", status)
    return True


def _ended(
    conversation: Conversation, name: str, timeout: float, cancelled: Flag | None
) -> int | None:
    """git's exit status. Raises GitTimeout, GitExceeded, GitCancelled, Enough."""
    try:
        return conversation.wait(time.monotonic() + timeout, cancelled)
    except TimeoutError:
        raise GitTimeout(f"{name} took longer than {timeout:.0f} s") from None
    except Exceeded as exceeded:
        raise GitExceeded(f"{name}: {exceeded}") from None
    except InterruptedError:
        raise GitCancelled(f"{name} was cancelled") from None


def _run(
    argv: Sequence[str],
    name: str,
    cwd: Path | None,
    env: Mapping[str, str],
    timeout: float,
    on_progress: Progress | None = None,
    *,
    room: Room | None,
    announced_by: Room | None,
    cancelled: Flag | None = None,
    secrets: Iterable[str] = (),
) -> str:
    if cancelled is not None and cancelled.is_set():
        raise GitCancelled("cancelled before git started")
    if timeout <= 0:  # before a sandbox could be to blame
        raise GitTimeout(f"no time is left for {name}")
    announced = announced_by is not None and announced_by.contains
    process = _start(argv, cwd, env, makes_room=room is not None and room.contains)
    conversation = Conversation(process, on_progress, room, announced=announced)
    try:
        status = _ended(conversation, name, timeout, cancelled)
    except GitTimeout as error:
        if conversation.is_inside:
            raise
        raise NoSandbox(f"no sandbox was made: {error.message}") from None
    finally:
        conversation.close()
    stdout = conversation.stdout.decode(errors="replace")
    if status == 0 and conversation.is_inside:
        return stdout
    stderr = mask(conversation.stderr.decode(errors="replace"), secrets)
    words = _words(stderr) or _words(mask(stdout, secrets)) or f"{name} ended with {status}"
    if not conversation.is_inside:
        raise NoSandbox(words)
    raise GitError(words, stderr, stdout, status)


def environment(
    extra: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment of a git process; nothing but PATH is taken from our own."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "GIT_ALLOW_PROTOCOL": PROTOCOLS,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        # We read and write loose refs where that saves a process.
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_EDITOR": ":",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0",
        **_settings({**SETTINGS, **(settings or {})}),
        **(extra or {}),
    }


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the user parts of URLs and without these secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "********")
    return _CREDENTIALS.sub("********@", text)


def _settings(settings: Mapping[str, str]) -> dict[str, str]:
    pairs = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        pairs[f"GIT_CONFIG_KEY_{number}"] = name
        pairs[f"GIT_CONFIG_VALUE_{number}"] = value
    return pairs


def _start(
    argv: Sequence[str],
    cwd: Path | None,
    env: Mapping[str, str],
    given: IO[bytes] | None = None,
    *,
    makes_room: bool = False,
) -> subprocess.Popen[bytes]:
    """Raises GitError; NoSandbox where the first program is what makes a room."""
    try:
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=given or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            umask=0o022,  # the uids of attempts read the mirrors, whatever the daemon's umask
        )
    except OSError as error:
        if makes_room and error.filename != str(cwd):
            raise NoSandbox(f"no sandbox could be started: {error}") from error
        raise GitError(f"git could not be started: {error}") from error


def _words(output: str) -> str:
    """git's message without its progress lines and control characters."""
    lines = (line.rsplit("\r", 1)[-1].rstrip() for line in output.replace("\r\n", "\n").split("\n"))
    text = "\n".join(line for line in lines if line and not PROGRESS.match(line.encode()))
    return _CONTROL.sub("", text).removeprefix("Cloning into '.'...").strip()[:MESSAGE_LENGTH]
