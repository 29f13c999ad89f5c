"""An agent starts with the options of its adapter and its stage."""

import json
import os
from pathlib import Path

import pytest

from muster.protocol.frames import AgentOptions, Checkpoint, Failed, StageFinished
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]

SHOW = """\
#!/bin/sh
printf '<%s>' "$@"
printf ' retries=%s\\n' "$CLAUDE_CODE_MAX_RETRIES"
cat "$HOME/.claude.json"; echo
"""

TELL = """\
#!/bin/sh
echo '{"type":"system","subtype":"init","session_id":"s-1"}'
printf '<%s>' "$@"
"""


@pytest.fixture(autouse=True)
def claude(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install(worker, "claude", SHOW, monkeypatch)


def install(worker: WorkerHome, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = worker.layout.home.parent / "programs" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


def stage(worker: WorkerHome, text: str, stage_index: int = 0, **more: object) -> list[str]:
    """The lines that an agent's stage printed."""
    server, before = worker.server, len(worker.server.log())
    more = {"kind": "agent", "agent": "claude", **more}
    server.send(worker.stage(text, stage_index, **more))
    finished = server.wait_for(
        lambda: [each for each in server.bodies(StageFinished) if each.stage_index == stage_index]
    )[0]
    assert (finished.how, finished.code) == ("exit", 0)
    server.wait_for(lambda: len(server.log()) == finished.log_end)
    return server.log()[before:].decode().splitlines()


def test_it_finds_its_home_furnished_and_the_project_wins_over_the_adapter(
    worker: WorkerHome,
) -> None:
    asked, home = stage(worker.start(), "do it", env={"CLAUDE_CODE_MAX_RETRIES": "7"})
    assert asked.endswith(" retries=7")
    assert json.loads(home)["hasCompletedOnboarding"]
    assert len(json.loads(home)["projects"]) == 1


def test_its_options_are_in_its_command(worker: WorkerHome) -> None:
    options = AgentOptions("large", "edit", ["Git"], ["--more"])
    asked, _ = stage(worker.start(), "do it", options=options)
    # This program has no version of claude, so it isn't sent messages.
    read = "<-p><--output-format><stream-json><--verbose><--include-partial-messages>"
    assert asked.startswith(f"{read}<--mcp-config><{{")
    assert asked.endswith(
        "}><--allowedTools><mcp__muster><--permission-mode><acceptEdits>"
        "<--model><large><--allowedTools><Git><--more><--><do it> retries=2"
    )


def test_a_session_that_an_agent_tells_of_is_gone_on_with_also_by_another_daemon(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(worker, "claude", TELL, monkeypatch)
    first = stage(worker.start(), "one")[-1]
    worker.leave()
    again = stage(worker.start(), "two", 1)[-1]
    assert "--resume" not in first
    assert again.endswith("<--resume><s-1><--><two>")


def test_a_conversation_without_an_id_is_gone_on_with(worker: WorkerHome) -> None:
    first, _ = stage(worker.start(), "one")
    again, _ = stage(worker, "two", 1)
    assert ("<--continue>" in first, "<--continue>" in again) == (False, True)


def test_an_agent_whose_output_is_read_is_missing_in_the_systems_own_words(
    worker: WorkerHome, claude: Path
) -> None:
    claude.unlink()
    empty = claude.parent / "empty"
    empty.mkdir()
    worker.start().server.send(
        worker.stage("x", kind="agent", agent="claude", env={"PATH": str(empty)})
    )
    assert worker.server.wait_for_report(Failed).code == "binary_missing"


def test_an_agent_in_the_terminal_runs_by_itself(worker: WorkerHome) -> None:
    options = AgentOptions(interface="terminal")
    asked, _ = stage(worker.start(), "do it", options=options)
    assert asked == "<--><do it> retries=2"


def test_what_it_leaves_in_the_workspace_is_no_work(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(worker, "aider", "#!/bin/sh\necho x > .aider.history; echo y > work\n", monkeypatch)
    assert stage(worker.start(), "do it", agent="aider") == []
    made = worker.server.wait_for_report(Checkpoint)
    assert "work" in worker.repository.git("ls-tree", "--name-only", made.commit).split()
    assert ".aider" not in worker.repository.git("ls-tree", "--name-only", made.commit)


def test_an_agent_of_the_operators_is_run_and_told_of(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(worker, "goose", "#!/bin/sh\nprintf '<%s>' \"$@\"\n", monkeypatch)
    agents = worker.layout.home.parent / "agents"
    agents.mkdir()
    (agents / "goose.toml").write_text(
        'name = "goose"\nbinary = "goose"\nheadless = ["goose", "run", "{options}", "{text}"]\n'
    )
    worker.run_daemon(worker.make_daemon(agents=agents))
    assert stage(worker, "do it", agent="goose") == ["<run><do it>"]
    beats = worker.server.wait_for(lambda: [beat for _, beat in worker.server.heartbeats if beat])
    known = [*worker.server.hellos[-1].capabilities, *(beats[-1].capabilities or [])]
    assert "goose" in {each.agent_type for each in known}


def test_an_agent_that_nobody_knows_fails_its_attempt_in_words(worker: WorkerHome) -> None:
    worker.start().server.send(worker.stage("x", kind="agent", agent="nobody"))
    failed = worker.server.wait_for_report(Failed)
    assert (failed.code, failed.message) == ("stage_impossible", "unknown agent: nobody")
