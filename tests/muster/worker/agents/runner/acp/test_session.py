"""A runner, as a process, with an agent made with the official package."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.muster.worker.agents.runner.fake_shim_channel import FakeShimChannel
from tests.muster.worker.agents.runner.parsed_output import SGR
from tests.muster.worker.agents.runner.runner_process import BARE, ENTRY, ROOT, TIMEOUT_SECONDS

AGENT = Path(__file__).parent / "scripted_agent.py"
SERVER = {"name": "muster", "command": "/bin/server", "args": ["--here"]}


class Asked(FakeShimChannel):
    """An agent after a prompt: its `status`, and what was `shown`."""

    status: int
    shown: str
    process: "subprocess.Popen[str]"

    def ask(self, at: Path, asked: dict[str, Any], variables: dict[str, str]) -> None:
        agent = [sys.executable, str(AGENT), str(at)]
        workspace = at / "workspace"
        self.process = subprocess.Popen(
            [*BARE, ENTRY, str(ROOT), "acp", "--", json.dumps(asked), *agent],
            cwd=workspace,
            env={"PATH": os.environ["PATH"], **self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=[self.descriptor],
            start_new_session=True,
        )

    def end(self) -> None:
        out, _ = self.process.communicate(timeout=TIMEOUT_SECONDS)
        self.status, self.shown = self.process.returncode, SGR.sub("", out)


Ask = Callable[..., Asked]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "a.py").write_text("one\ntwo\n")

    def ask(
        text: str,
        permissions: str = "all",
        session: str | None = None,
        meanwhile: Callable[[Asked], None] = lambda _: None,
        choice: str | None = None,
        approvals: str | None = None,
        decision: dict[str, Any] | None = None,
        **variables: str,
    ) -> Asked:
        asked = {"text": text, "permissions": permissions, "session": session, "servers": [SERVER]}
        with Asked() as heard:
            heard.choices, heard.decisions = [choice], [decision or {}]
            asked["approvals"] = approvals
            heard.ask(tmp_path, asked, variables)
            try:
                meanwhile(heard)
                heard.end()
            finally:
                heard.process.kill()
        return heard

    return ask


def test_what_it_does_is_shown_and_told(ask: Ask, tmp_path: Path) -> None:
    run = ask("repair")
    assert run.status == 0, run.shown
    assert (tmp_path / "workspace" / "a.py").read_text() == "one\nthree\n"
    assert [entry["kind"] for entry in run.entries] == [
        "thought", "edit", "command", "message", "usage",
    ]  # fmt: skip
    thought, edit, command, message, _ = run.entries
    assert (thought["text"], message["text"]) == ("Let me see.", "Mended.")
    assert edit["data"]["files"] == [{"path": "a.py", "change": "update"}]
    assert edit["text"] == "-two\n+three"
    assert (command["data"]["command"], command["data"]["exitCode"]) == ("cat a.py", 0)
    assert command["text"] == "one\nthree\n"
    assert "── scripted · " in run.shown
    assert "[ ] mend it" in run.shown
    assert run.facts["denied"] == 0
    (used,) = run.facts["usage"]
    assert (used["inputTokens"], used["cachedTokens"]) == (75, 25)
    assert (used["outputTokens"], used["reasoningTokens"]) == (15, 5)
    assert run.facts.get("failure") is None


def test_the_usage_of_a_last_request_is_not_taken_for_that_of_all(ask: Ask) -> None:
    assert ask("repair", NAME="OpenCode").facts["usage"] == []


@pytest.mark.parametrize(
    ("permissions", "kinds"),
    [("edit", ["edit", "denied"]), ("run", ["edit", "command"]), ("all", ["edit", "command"])],
)
def test_what_it_asks_for_is_allowed_by_its_permissions(
    ask: Ask, permissions: str, kinds: list[str]
) -> None:
    run = ask("repair", permissions)
    calls = [entry for entry in run.entries if "call" in entry["data"]]
    assert [entry["kind"] for entry in calls] == kinds
    assert run.facts["denied"] == kinds.count("denied")
    assert run.status == 0


@pytest.mark.parametrize(
    ("choice", "kind"),
    [("Yes", "command"), ("Always", "command"), ("No", "denied"), (None, "denied")],
)
def test_for_what_is_not_allowed_a_person_is_asked(ask: Ask, choice: str | None, kind: str) -> None:
    run = ask("repair", "edit", choice=choice)
    (question,) = run.asked
    assert question == {
        "question": "scripted wants to do this: cat a.py",
        "choices": ["Always", "Yes", "No"],
    }
    assert [entry["kind"] for entry in run.entries if "call" in entry["data"]] == ["edit", kind]
    assert run.facts["denied"] == (kind == "denied")
    assert run.status == 0


def test_an_interrupt_withdraws_what_is_asked(ask: Ask) -> None:
    def interrupts(agent: Asked) -> None:
        once_it_waits(lambda _: None)(agent)
        while not agent.asked:
            time.sleep(0.05)
        agent.process.send_signal(signal.SIGINT)

    run = ask("wait", "edit", choice="", meanwhile=interrupts)
    assert "The agent was cancelled." in run.shown
    assert run.facts["denied"] == 0


def test_it_resumes_a_session_and_reports_nothing_twice(ask: Ask) -> None:
    session = ask("repair").facts["session"]
    again = ask("serve again", session=session)
    assert again.facts["session"] == session
    assert [entry["kind"] for entry in again.entries] == ["message", "usage"]
    assert "I did so." not in again.shown


def test_a_lost_session_is_replaced_by_a_new_one(ask: Ask) -> None:
    run = ask("serve", session="lost")
    assert run.status == 0
    assert run.facts["session"] != "lost"
    assert "Can't resume the session; starting a new one" in run.shown


def test_an_agent_that_cannot_load_starts_a_new_session(ask: Ask) -> None:
    run = ask("serve", session="known", FORGETS="1")
    assert (run.status, run.facts["session"] != "known") == (0, True)


def test_it_is_given_our_servers(ask: Ask) -> None:
    (message,) = ask("serve").of_kind("message")
    assert message["text"].startswith("muster: /bin/server ['--here'] MUSTER_ASKING=/")


def test_it_comes_at_files_of_the_workspace_alone(ask: Ask, tmp_path: Path) -> None:
    run = ask("read_foreign_files")
    (message,) = run.of_kind("message")
    assert message["text"].splitlines() == [
        "/etc/passwd: it isn't in the workspace",
        "a.py: it isn't in the workspace",
        "etc/passwd: it isn't in the workspace",
        "pipe: it isn't a file",
        "none: No such file or directory",
        "write: it isn't in the workspace",
        "terminal: no method terminal/create",
        "line 2: 'two\\n'",
    ]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("refuse", "refused", "The agent refuses to continue."),
        ("login", "auth", "Authentication required"),
        ("limit", "rate_limit", "Too many requests"),
        ("die", "unknown", "The agent exited during its turn."),
        ("nothing", "unknown", "Internal error"),
    ],
)
def test_its_failures_are_told_apart(ask: Ask, text: str, kind: str, words: str) -> None:
    run = ask(text)
    assert run.status == 1, run.shown
    assert run.facts["failure"]["kind"] == kind
    assert words in run.shown
    if kind == "rate_limit":
        assert 0 <= time.time() + 30 - run.facts["failure"]["resetsAt"] < TIMEOUT_SECONDS


def test_another_version_of_the_protocol_is_not_spoken(ask: Ask) -> None:
    run = ask("repair", VERSION="2")
    assert run.status == 1
    assert "The agent uses protocol version 2, but Muster uses version 1." in run.shown


def once_it_waits(act: Callable[[Asked], None]) -> Callable[[Asked], None]:
    def acts(heard: Asked) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while "session" not in heard.facts:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        act(heard)

    return acts


def test_an_interrupt_asks_it_to_stop(ask: Ask) -> None:
    run = ask(
        "wait", meanwhile=once_it_waits(lambda agent: agent.process.send_signal(signal.SIGINT))
    )
    assert run.status == 1
    assert "The agent was cancelled." in run.shown


def test_a_term_ends_it(ask: Ask) -> None:
    run = ask("wait", meanwhile=once_it_waits(lambda agent: agent.process.terminate()))
    assert run.status == -signal.SIGTERM


def test_one_that_stays_behind_its_answer_is_ended(ask: Ask) -> None:
    run = ask("stay")
    assert run.status == 0
    assert run.facts.get("failure") is None
