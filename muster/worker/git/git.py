"""Run git; nothing else in the worker does.

Every run has an environment built from scratch, no user's settings, no terminal for prompts, a time
limit, and its own process group that dies with it. Our settings are passed as `GIT_CONFIG_*`
variables, which override every file, including those that an agent can write.
"""

import re
import resource
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from muster.worker.git.environment import build_environment
from muster.worker.git.errors import GitCancelled, GitError, GitExceeded, GitStalled, GitTimeout
from muster.worker.git.process import (
    PROGRESS_PATTERN,
    CancelFlag,
    ChunkHandler,
    GitProcess,
    LimitExceeded,
    ProgressHandler,
    ReadingStopped,
    Stalled,
)
from muster.worker.sandbox.sandbox import Sandbox, SandboxFailed

__all__ = [
    "DEFAULT_TIMEOUT",
    "CancelFlag",
    "GitCancelled",
    "GitError",
    "GitExceeded",
    "GitStalled",
    "GitTimeout",
    "ProgressHandler",
    "build_environment",
    "mask_secrets",
    "run_git",
    "run_pipeline",
    "run_script",
    "stream_git",
]

DEFAULT_TIMEOUT = 60.0
MAX_MESSAGE_CHARS = 2_000
MAX_MEMORY_BYTES = 1 << 30
"""Memory limit in bytes for the daemon's own git, whatever the repository contains."""

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def run_git(
    args: Sequence[str],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    on_progress: ProgressHandler | None = None,
    *,
    room: Sandbox | None = None,
    settings: Mapping[str, str] | None = None,
    cancelled: CancelFlag | None = None,
    secrets: Iterable[str] = (),
    memory: int = MAX_MEMORY_BYTES,
) -> str:
    """Run `git ARGS` and return its standard output.

    `env` and `settings` (git's own, by their dotted names) are added to ours, `timeout` is in
    seconds. Without a `room`, `memory` limits git's memory in bytes besides mapped files. In a
    sandbox, with its rights and without network, nothing that git started is left afterwards.
    Raises GitError, GitTimeout, GitCancelled, SandboxFailed.
    """
    argv = ["git", *args]
    if room:
        argv = room.command("git", "-C", room.workspace, *args, cwd=None, announced=True)
    return _run_process(
        argv,
        f"git {args[0]}",
        cwd,
        build_environment(env, settings),
        timeout,
        on_progress,
        room=room,
        announcements=room.announcement_count if room else 0,
        cancelled=cancelled,
        secrets=secrets,
        memory=None if room else memory,
    )


def run_script(
    script: str,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    *,
    room: Sandbox,
    cancelled: CancelFlag | None = None,
) -> str:
    """Run a shell script of git commands in one sandbox, like `run_git` for one command."""
    whole = room.announcing_script(f'cd "$0" || exit\n{script}')
    argv = room.command("sh", "-c", whole, room.workspace, cwd=None)
    return _run_process(
        argv,
        "git",
        cwd,
        build_environment(env),
        timeout,
        room=room,
        announcements=room.announcement_count,
        cancelled=cancelled,
    )


def run_pipeline(
    command: str,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    *,
    room: Sandbox,
    stall_seconds: float,
    cancelled: CancelFlag | None = None,
) -> str:
    """Run a shell command with one part in a sandbox and one outside, like `run_git`. It is killed
    if it reports no progress for `stall_seconds` before its first output. Also raises GitStalled.
    """
    return _run_process(
        ["sh", "-c", command],
        "git",
        cwd,
        env,
        timeout,
        room=room,
        announcements=2 * room.announcement_count,
        cancelled=cancelled,
        stall_seconds=stall_seconds,
    )


def stream_git(
    args: Sequence[str],
    cwd: Path,
    take: ChunkHandler,
    timeout: float,
    *,
    memory: int,
    settings: Mapping[str, str] | None = None,
    cancelled: CancelFlag | None = None,
    given: IO[bytes] | None = None,
) -> bool:
    """Run `git ARGS` and pass its output to `take` in chunks; return False if `take` stopped git.
    The file `given` is git's standard input.

    `memory` limits git's memory in bytes besides mapped files. Raises like `run_git`.
    """
    process = _start_process(["git", *args], cwd, build_environment(None, settings), given)
    _limit_memory(process, memory)
    conversation = GitProcess(process, None, None, take)
    name = f"git {args[0]}"
    try:
        status = _wait_for_exit(conversation, name, timeout, cancelled)
    except ReadingStopped:
        return False
    finally:
        conversation.close()
    if status != 0:
        stderr = mask_secrets(conversation.stderr.decode(errors="replace"))
        raise GitError(_clean_message(stderr) or f"{name} exited with {status}", stderr, "", status)
    return True


def _wait_for_exit(
    conversation: GitProcess,
    name: str,
    timeout: float,
    cancelled: CancelFlag | None,
    stall_seconds: float | None = None,
) -> int | None:
    """Return git's exit status. Raises GitTimeout, GitStalled, GitExceeded, GitCancelled,
    ReadingStopped."""
    try:
        return conversation.wait(time.monotonic() + timeout, cancelled, stall_seconds)
    except Stalled:
        raise GitStalled(f"{name} made no progress for {stall_seconds:.0f} s") from None
    except TimeoutError:
        raise GitTimeout(f"{name} took longer than {timeout:.0f} s") from None
    except LimitExceeded as exceeded:
        raise GitExceeded(f"{name}: {exceeded}") from None
    except InterruptedError:
        raise GitCancelled(f"{name} was cancelled") from None


def _run_process(
    argv: Sequence[str],
    name: str,
    cwd: Path | None,
    env: Mapping[str, str],
    timeout: float,
    on_progress: ProgressHandler | None = None,
    *,
    room: Sandbox | None,
    announcements: int,
    cancelled: CancelFlag | None = None,
    secrets: Iterable[str] = (),
    memory: int | None = None,
    stall_seconds: float | None = None,
) -> str:
    if cancelled is not None and cancelled.is_set():
        raise GitCancelled("cancelled before git started")
    if timeout <= 0:  # before a sandbox could be the cause
        raise GitTimeout(f"no time is left for {name}")
    process = _start_process(argv, cwd, env, makes_room=room is not None and room.is_contained)
    if memory is not None:
        _limit_memory(process, memory)
    conversation = GitProcess(process, on_progress, room, announcements=announcements)
    try:
        status = _wait_for_exit(conversation, name, timeout, cancelled, stall_seconds)
    except GitTimeout as error:
        if conversation.is_in_sandbox:
            raise
        raise SandboxFailed(f"could not create a sandbox: {error.message}") from None
    finally:
        conversation.close()
    stdout = conversation.stdout.decode(errors="replace")
    if status == 0 and conversation.is_in_sandbox:
        return stdout
    stderr = mask_secrets(conversation.stderr.decode(errors="replace"), secrets)
    words = (
        _clean_message(stderr)
        or _clean_message(mask_secrets(stdout, secrets))
        or f"{name} exited with {status}"
    )
    if not conversation.is_in_sandbox:
        raise SandboxFailed(words)
    raise GitError(words, stderr, stdout, status)


def mask_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` without the user parts of URLs and without these secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "********")
    return _CREDENTIALS.sub("********@", text)


def _start_process(
    argv: Sequence[str],
    cwd: Path | None,
    env: Mapping[str, str],
    given: IO[bytes] | None = None,
    *,
    makes_room: bool = False,
) -> subprocess.Popen[bytes]:
    """Start the process. Raises GitError; SandboxFailed if its first program creates a sandbox."""
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
            raise SandboxFailed(f"could not start a sandbox: {error}") from error
        raise GitError(f"could not start git: {error}") from error


def _limit_memory(process: subprocess.Popen[bytes], memory: int) -> None:
    with suppress(OSError):  # it may have exited already
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory, memory))


def _clean_message(output: str) -> str:
    """Return git's message without its progress lines and control characters."""
    lines = (line.rsplit("\r", 1)[-1].rstrip() for line in output.replace("\r\n", "\n").split("\n"))
    text = "\n".join(line for line in lines if line and not PROGRESS_PATTERN.match(line.encode()))
    return _CONTROL.sub("", text).removeprefix("Cloning into '.'...").strip()[:MAX_MESSAGE_CHARS]
