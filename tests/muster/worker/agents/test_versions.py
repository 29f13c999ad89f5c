import errno
import os
import threading

import pytest

from muster.protocol.frames import Capability
from muster.worker.agents import probe
from muster.worker.agents import versions as versions_module
from muster.worker.agents.adapters.aider import AIDER
from muster.worker.agents.adapters.claude import CLAUDE
from muster.worker.agents.probe import Probe
from muster.worker.agents.versions import (
    Versions,
    can_take_messages,
    is_older,
    make_capability,
)


def install(directory, name, script):
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def capabilities(wanted, versions):
    programs = {"cursor": "cursor-agent"}
    found = {agent: versions.find(programs.get(agent, agent)) for agent in wanted}
    return [make_capability(agent, binary, versions) for agent, binary in found.items()]


def test_agents_are_found_on_the_path_with_their_versions(tmp_path):
    install(tmp_path, "claude", "echo 2.1.0 '(Claude Code)'; echo more")
    install(tmp_path, "cursor-agent", "exit 1")
    versions = Versions(str(tmp_path))
    capabilities(["claude", "cursor"], versions)
    versions.wait()
    assert capabilities(["claude", "codex", "cursor"], versions) == [
        Capability("claude", "2.1.0 (Claude Code)"),
        Capability("codex", healthy=False, reason="binary_missing"),
        Capability("cursor"),
    ]


def test_asking_for_a_version_waits_for_nobody_and_happens_once(tmp_path):
    os.mkfifo(tmp_path / "gate")
    install(tmp_path, "codex", f"echo x >> {tmp_path}/asked; read line < {tmp_path}/gate; echo 1.0")
    versions = Versions(f"{tmp_path}:/usr/bin:/bin")
    for _ in range(3):
        assert capabilities(["codex"], versions)[0] == Capability("codex")
    (tmp_path / "gate").write_text("go\n")
    versions.wait()
    assert capabilities(["codex"], versions)[0].version == "1.0"
    assert (tmp_path / "asked").read_text() == "x\n"


def test_a_binary_that_never_answers_has_no_version(tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "ANSWER_TIMEOUT_SECONDS", 0.2)
    install(tmp_path, "claude", "exec sleep 60")
    versions = Versions(f"{tmp_path}:/usr/bin:/bin")
    capabilities(["claude"], versions)
    versions.wait()
    assert capabilities(["claude"], versions)[0].version is None


MISSING = Capability("claude", healthy=False, reason="binary_missing")


def test_a_binary_that_the_system_cannot_start_is_missing_until_it_is_another(tmp_path):
    binary = install(tmp_path, "claude", "echo 1.0")
    binary.write_text("#!/no/such/interpreter\n")
    versions = Versions(str(tmp_path))
    capabilities(["claude"], versions)
    versions.wait()
    assert capabilities(["claude"], versions) == [MISSING]
    install(tmp_path, "claude", "echo 1.0")
    os.utime(binary, ns=(1, 1))
    capabilities(["claude"], versions)
    versions.wait()
    assert capabilities(["claude"], versions) == [Capability("claude", "1.0")]


def test_a_binary_that_could_not_be_started_is_tried_again_and_missing_meanwhile(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(versions_module, "_RETRY_SECONDS", 0.0)
    binary = install(tmp_path, "claude", "echo 1.0")
    answers = [OSError(errno.ENOENT, "no interpreter"), "1.0"]
    gate = threading.Event()

    def run(_argv, _env):
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        gate.wait(10)
        return answer

    versions = Versions(str(tmp_path), Probe(lambda *_: str(binary), run))
    capabilities(["claude"], versions)
    versions.wait()
    assert capabilities(["claude"], versions) == [MISSING]
    gate.set()
    versions.wait()
    assert capabilities(["claude"], versions) == [Capability("claude", "1.0")]


def test_a_machine_that_is_short_of_something_says_nothing_about_a_binary(tmp_path):
    binary = install(tmp_path, "claude", "echo 1.0")

    def run(_argv, _env):
        raise OSError(errno.EAGAIN, "no process left")

    versions = Versions(str(tmp_path), Probe(lambda *_: str(binary), run))
    capabilities(["claude"], versions)
    versions.wait()
    assert capabilities(["claude"], versions) == [Capability("claude")]


def test_a_machine_that_was_too_busy_asks_again(tmp_path, monkeypatch):
    """Otherwise its agent would take no messages until it's another program."""
    monkeypatch.setattr(versions_module, "_RETRY_SECONDS", 0.0)
    binary = install(tmp_path, "claude", "echo 1.0")
    answers = [None, "", OSError(errno.EAGAIN, "no process left"), "1.0"]

    def run(_argv, _env):
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    versions = Versions(str(tmp_path), Probe(lambda *_: str(binary), run))
    while answers:
        assert capabilities(["claude"], versions) == [Capability("claude")]
        versions.wait()
    assert capabilities(["claude"], versions) == [Capability("claude", "1.0")]
    assert capabilities(["claude"], versions) == [Capability("claude", "1.0")]


def test_a_restarted_daemon_knows_the_versions_until_it_has_asked_again(tmp_path):
    binary, store = install(tmp_path, "claude", "echo 1.0"), tmp_path / "versions.json"
    first = Versions(str(tmp_path), store=store)
    capabilities(["claude"], first)
    first.wait()
    gate = threading.Event()

    def run(_argv, _env):
        gate.wait(10)
        return "1.1"

    second = Versions(str(tmp_path), Probe(lambda *_: str(binary), run), store)
    assert capabilities(["claude"], second) == [Capability("claude", "1.0")]
    gate.set()
    second.wait()
    assert capabilities(["claude"], second) == [Capability("claude", "1.1")]
    os.utime(binary, ns=(1, 1))
    gate.clear()
    third = Versions(str(tmp_path), Probe(lambda *_: str(binary), run), store)
    assert capabilities(["claude"], third) == [Capability("claude")], "it's another program"
    gate.set()


@pytest.mark.parametrize("text", ["", "[]", '{"/bin/x": 1}', '{"/bin/x": ["a", "b"]}'])
def test_a_damaged_file_of_versions_is_none(tmp_path, text):
    (tmp_path / "versions.json").write_text(text)
    binary = install(tmp_path, "claude", "echo 1.0")
    look = Probe(lambda *_: str(binary), lambda *_: "1.0")
    versions = Versions(str(tmp_path), look, tmp_path / "versions.json")
    capabilities(["claude"], versions)
    versions.wait()
    assert capabilities(["claude"], versions) == [Capability("claude", "1.0")]


def test_agents_are_looked_for_and_asked_in_the_way_that_is_given(tmp_path):
    asked = []

    def run(argv, env):
        asked.append((argv, env["PATH"]))
        return "9.9 in a room\n"

    versions = Versions("/a:/b", Probe(lambda name, path: f"{path}/{name}", run))
    capabilities(["cursor"], versions)
    versions.wait()
    assert capabilities(["cursor"], versions) == [Capability("cursor", "9.9 in a room")]
    assert asked == [(["/a:/b/cursor-agent", "--version"], "/a:/b")]


@pytest.mark.parametrize(
    ("answer", "is_before"),
    [
        ("codex-cli 0.99.1", True),
        ("codex-cli 0.147.0", False),
        ("codex-cli 0.169.0", False),
        ("1.0", False),
        ("2.1.197 (Claude Code)", False),
        ("of today", False),
        ("build 7", False),
    ],
)
def test_an_older_version_is_recognized_by_its_numbers(answer, is_before):
    assert is_older(answer, "0.147.0") is is_before


@pytest.mark.parametrize(
    ("adapter", "version", "can"),
    [
        (CLAUDE, "2.1.197 (Claude Code)", True),
        (CLAUDE, "2.0.9 (Claude Code)", False),
        (CLAUDE, "no number", False),
        (CLAUDE, None, False),
        (AIDER, "aider 0.86", False),
        (None, "1.0", False),
    ],
)
def test_whether_a_version_takes_messages(adapter, version, can):
    assert can_take_messages(adapter, version) is can
