from pathlib import Path

import pytest

from muster.protocol.frames import Author, Repo, RunStage
from muster.worker.agents import attempt_state
from muster.worker.agents.attempt_state import AttemptState


def order(stage_index: int, agent: str = "claude", kind: str = "agent", run: int = 0) -> RunStage:
    return RunStage(
        7, 1, stage_index, "develop", kind, "do it", {}, agent, 60.0,
        Repo("u", "main", "b"), "shop", Author("A", "a@x"), run=run,
    )  # fmt: skip


def make_state(*orders: RunStage) -> AttemptState:
    made: AttemptState | None = None
    for each in orders:
        made = AttemptState.from_order(each, made)
    assert made is not None
    return made


STORIES = {
    "the first stage": ([order(0)], False),
    "the second": ([order(0), order(1)], True),
    "behind a shell stage": ([order(0, kind="shell"), order(1)], False),
    "behind an agent's and a shell stage": ([order(0), order(1, kind="shell"), order(2)], True),
    "another agent's": ([order(0), order(1, "codex")], False),
    "the first agent's again": ([order(0), order(1, "codex"), order(2)], True),
    "the same stage, ordered again": ([order(0), order(0)], False),
    "the same stage, gone on with": ([order(0), order(0, run=1)], True),
}


@pytest.mark.parametrize(("orders", "conversed"), STORIES.values(), ids=STORIES.keys())
def test_an_agent_resumes_its_own_session(orders: list[RunStage], conversed: bool) -> None:
    assert make_state(*orders).has_session is conversed


def test_each_agents_session_is_kept_on_the_disk_for_its_next_stage(tmp_path: Path) -> None:
    learned = make_state(order(0)).with_exit_facts({"session": "of-claude"}, tmp_path)
    learned = AttemptState.from_order(order(1, "codex"), learned).with_exit_facts(
        {"session": "of-codex"}, tmp_path
    )
    read = attempt_state.read(tmp_path)
    assert read == learned
    sessions = [
        AttemptState.from_order(order(2, agent), read).session_id
        for agent in ("claude", "codex", "qwen")
    ]
    assert sessions == ["of-claude", "of-codex", None]


def test_the_latest_session_counts(tmp_path: Path) -> None:
    first = make_state(order(0)).with_exit_facts({"session": "one"}, tmp_path)
    assert (
        AttemptState.from_order(order(1), first)
        .with_exit_facts({"session": "two"}, tmp_path)
        .session_id
        == "two"
    )


@pytest.mark.parametrize("session", [None, 7, "", "--dangerously", "a b", "x\0", "a\n", "x" * 300])
def test_what_is_no_id_is_not_kept(tmp_path: Path, session: object) -> None:
    assert make_state(order(0)).with_exit_facts({"session": session}, tmp_path).sessions == {}
    assert not (tmp_path / attempt_state.FILE_NAME).exists()


def test_a_shell_stage_has_no_session(tmp_path: Path) -> None:
    assert (
        make_state(order(0, kind="shell")).with_exit_facts({"session": "s"}, tmp_path).session_id
        is None
    )
