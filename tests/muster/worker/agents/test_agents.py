import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.protocol.frames import Capability
from muster.worker.agents import agents, probe
from muster.worker.agents.agents import Versions, argv, capability, classify
from muster.worker.agents.probe import Probe

HARD = "it's \"hard\"\n$(touch /tmp/x) `id` {prompt} {description} \\ %s ; & | ünï -- 'x"


@pytest.mark.parametrize(
    ("agent", "first", "expected"),
    [
        ("claude", True, ["claude", "-p", HARD, "--permission-mode", "acceptEdits"]),
        (
            "claude",
            False,
            ["claude", "-p", HARD, "--permission-mode", "acceptEdits", "--continue"],
        ),
        ("codex", True, ["codex", "exec", "--sandbox", "danger-full-access", HARD]),
        ("codex", False, ["codex", "exec", "--sandbox", "danger-full-access", HARD]),
        ("cursor", True, ["cursor-agent", "-p", "--force", HARD]),
    ],
)
def test_the_known_agents_get_the_text_as_one_argument(agent, first, expected):
    assert argv(agent, "agent", HARD, first) == expected


def test_codex_contains_itself_where_nothing_of_ours_contains_it():
    command = argv("codex", "agent", HARD, True, contained=False)
    assert command == ["codex", "exec", "--sandbox", "workspace-write", HARD]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("my-agent", ["my-agent", HARD]),
        ("my-agent --do '{prompt}' --fast", ["my-agent", "--do", HARD, "--fast"]),
        ("my-agent --prompt={prompt}", ["my-agent", f"--prompt={HARD}"]),
        ("'my agent' \"a b\"", ["my agent", "a b", HARD]),
        ("x {prompt} {other}", ["x", HARD, "{other}"]),
    ],
)
def test_a_custom_command_is_split_once_and_filled_afterwards(command, expected):
    assert argv("custom", "agent", HARD, True, command) == expected


def test_a_shell_stage_is_a_script_for_bash_whatever_the_agent():
    assert argv("claude", "shell", "make test", False) == ["bash", "-c", "make test"]


@pytest.mark.parametrize("agent", ["claude", "codex", "cursor"])
def test_a_text_like_an_option_is_not_read_as_one(agent):
    command = argv(agent, "agent", "--dangerously", False)
    assert command[-2:] == ["--", "--dangerously"]
    assert command.count("--dangerously") == 1


@pytest.mark.parametrize(
    ("agent", "kind", "text", "command", "words"),
    [
        ("custom", "agent", "x", None, "no agentCommand"),
        ("custom", "agent", "x", "  ", "no agentCommand"),
        ("custom", "agent", "x", "a 'b", "cannot be split"),
        ("nobody", "agent", "x", None, "unknown agent"),
        ("claude", "poem", "x", None, "unknown kind"),
        ("claude", "agent", "a\0b", None, "NUL"),
    ],
)
def test_what_makes_no_command_is_refused(agent, kind, text, command, words):
    with pytest.raises(ValueError, match=words):
        argv(agent, kind, text, True, command)


@given(
    st.text().filter(lambda text: "\0" not in text), st.booleans(), st.sampled_from(agents.AGENTS)
)
def test_every_text_is_exactly_one_argument(text, first, agent):
    command = argv(agent, "agent", text, first, "agent --option value")
    rest = argv(agent, "agent", "the text", first, "agent --option value")
    others = [word for word in rest if word != "the text"]
    without = list(command)
    without.remove(text)
    assert [word for word in without if word != "--"] == others


def test_a_text_reaches_a_real_program_unchanged(tmp_path):
    show = tmp_path / "show.py"
    show.write_text("import json, sys; print(json.dumps(sys.argv[1:]))")
    command = argv("custom", "agent", HARD, True, f"{sys.executable} {show} --text {{prompt}} end")
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == ["--text", HARD, "end"]


def install(directory, name, script):
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def capabilities(wanted, versions):
    return [capability(agent, versions.find(agent), versions) for agent in wanted]


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
    monkeypatch.setattr(probe, "PATIENCE", 0.2)
    install(tmp_path, "claude", "exec sleep 60")
    versions = Versions(f"{tmp_path}:/usr/bin:/bin")
    capabilities(["claude"], versions)
    versions.wait()
    assert capabilities(["claude"], versions)[0].version is None


def test_custom_is_always_there(tmp_path):
    assert capabilities(["custom"], Versions(str(tmp_path))) == [Capability("custom")]


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
    monkeypatch.setattr(agents, "_ASK_AGAIN", 0.0)
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
    ("exit_code", "output", "reason"),
    [
        (0, b"rate limit", None),
        (127, b"bash: claude: command not found", "unknown"),
        (126, b"exec: no such file or directory", "unknown"),
        (127, b"claude: 429 Too Many Requests", "rate_limit"),
        (1, b"API Error: 429 Too Many Requests", "rate_limit"),
        (1, b"Claude usage limit reached. Resets at 5pm", "rate_limit"),
        (1, b"\x1b[31mHTTP 429\x1b[0m", "rate_limit"),
        (1, b"Invalid API key \xc2\xb7 Please run /login", "auth_failure"),
        (1, b"401 Unauthorized", "auth_failure"),
        (1, b"error: not logged in", "auth_failure"),
        (1, b"FAILED tests/test_x.py line 401", "unknown"),
        (1, b"", "unknown"),
        (-9, b"\xff\xfe", "unknown"),
    ],
)
def test_a_failure_is_judged_by_its_code_and_last_words(exit_code, output, reason):
    assert classify(exit_code, output) == reason


def test_old_output_does_not_count():
    assert classify(1, b"401 Unauthorized" + b"x" * 20_000) == "unknown"


def test_a_projects_command_is_shown_where_it_is_found_and_nothing_that_it_names_by_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "tools" / "aide" / "bin" / "aide"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    assert agents.shown("aide --yes {prompt}", tmp_path / "home")
    assert agents.shown(f"{tool} {{prompt}}", tmp_path / "home") == []
    assert agents.shown("nothing-of-that-name", tmp_path / "home") == []
    assert agents.shown("", tmp_path / "home") == []
