"""Checks of agents: found, accessible to attempts, and working."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from muster.worker.agents import installs, probe
from muster.worker.agents.versions import Binary, Versions, is_older
from muster.worker.doctor.finding import Check, Finding, Machine
from muster.worker.doctor.sandbox_level import detect_sandboxes


def _check_agents(machine: Machine) -> Iterator[Finding]:
    versions = Versions()
    found = {
        each.name: binary for each in machine.adapters if (binary := versions.find(each.binary))
    }
    if not found:
        names = ", ".join(each.binary for each in machine.adapters)
        text = (
            f"none of {names} is on the search path: only custom commands and shell stages can run"
        )
        command = "npm install --global @anthropic-ai/claude-code"
        yield Finding("agents", "warn", text, "install one for all users, such as", command)
        return
    yield from _check_found(machine, found, versions.path)
    if missing := [each.name for each in machine.adapters if each.name not in found]:
        yield Finding("other agents", "ok", f"not installed: {', '.join(missing)}")


def _check_found(machine: Machine, found: dict[str, Binary], path: str) -> Iterator[Finding]:
    # Attempts have their own uids only if the worker is root.
    is_full = machine.is_root and detect_sandboxes(machine).level == "full"
    closed = {
        agent: installs.first_inaccessible_path(
            file, path, installs.required_paths(file, path) if is_full else ()
        )
        for agent, binary in found.items()
        if machine.is_root and (file := Path(binary.path))
    }
    look = probe.DAEMON_PROBE if not machine.is_root or is_full else probe.as_user(machine.uids[-1])
    asked = Versions(path, look)
    for agent, binary in found.items():
        if not closed.get(agent):
            asked.get(binary)
    asked.wait()
    for agent, binary in found.items():
        adapter = machine.adapters.get(agent)
        yield _agent_finding(
            agent, binary, closed.get(agent), asked, adapter.min_version if adapter else None
        )


def _agent_finding(
    agent: str, binary: Binary, closed: Path | None, asked: Versions, oldest: str | None
) -> Finding:
    if closed is not None:
        need = "o+x" if closed.is_dir() else "o+rx"
        text = f"attempts can't reach {binary.path}: {closed} is closed to other users"
        advice = "install it for all users, or let other users enter"
        return Finding(agent, "fail", text, advice, shlex.join(["chmod", need, str(closed)]))
    version, command = asked.get(binary), shlex.join([binary.path, "--version"])
    if not asked.is_startable(binary):
        text = f"can't start {binary.path}"
        return Finding(agent, "fail", text, "check its output, or reinstall it", command)
    if version is None:
        text = f"{binary.path} doesn't print its version"
        return Finding(agent, "warn", text, "check its output", command)
    if oldest and is_older(version, oldest):
        text = f"{version}, {binary.path}: versions before {oldest} may not work"
        return Finding(agent, "warn", text, "install a newer one")
    return Finding(agent, "ok", f"{version}, {binary.path}")


CHECKS: tuple[tuple[str, Check], ...] = (("agents", _check_agents),)
