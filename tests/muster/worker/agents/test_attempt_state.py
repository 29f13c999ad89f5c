from pathlib import Path

import msgspec
import pytest

from muster.protocol.frames import Author, Repo, RunStage
from muster.worker.agents import attempt_state
from muster.worker.agents.attempt_state import KeptOrder


def order(stage_index: int, agent: str = "claude", kind: str = "agent", run: int = 0) -> RunStage:
    return RunStage(
        7, 1, stage_index, "develop", kind, "do it", {}, agent, 60.0,
        Repo("u", "main", "b"), "shop", Author("A", "a@x"), run=run,
    )  # fmt: skip


def kept(*orders: RunStage) -> KeptOrder:
    made: KeptOrder | None = None
    for each in orders:
        made = KeptOrder.of(each, made)
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
def test_an_agent_goes_on_with_its_own_conversation(
    orders: list[RunStage], conversed: bool
) -> None:
    assert kept(*orders).conversed is conversed


def test_each_agents_session_is_kept_on_the_disk_for_its_next_stage(tmp_path: Path) -> None:
    learned = kept(order(0)).learned({"session": "of-claude"}, tmp_path)
    learned = KeptOrder.of(order(1, "codex"), learned).learned({"session": "of-codex"}, tmp_path)
    read = attempt_state.read(tmp_path)
    assert read == learned
    sessions = [
        KeptOrder.of(order(2, agent), read).session for agent in ("claude", "codex", "qwen")
    ]
    assert sessions == ["of-claude", "of-codex", None]


def test_the_latest_session_counts(tmp_path: Path) -> None:
    first = kept(order(0)).learned({"session": "one"}, tmp_path)
    assert KeptOrder.of(order(1), first).learned({"session": "two"}, tmp_path).session == "two"


@pytest.mark.parametrize("session", [None, 7, "", "--dangerously", "a b", "x\0", "a\n", "x" * 300])
def test_what_is_no_id_is_not_kept(tmp_path: Path, session: object) -> None:
    assert kept(order(0)).learned({"session": session}, tmp_path).sessions == {}
    assert not (tmp_path / attempt_state.NAME).exists()


def test_a_shell_stage_has_no_session(tmp_path: Path) -> None:
    assert kept(order(0, kind="shell")).learned({"session": "s"}, tmp_path).session is None


@pytest.mark.parametrize(("conversed", "is_agent"), [(True, False), (False, True)])
def test_what_an_earlier_release_kept_is_gone_on_with(
    tmp_path: Path, conversed: bool, is_agent: bool
) -> None:
    written = msgspec.to_builtins(kept(order(0)))
    written |= {"conversed": conversed, "is_agent": is_agent}
    for field in ("talked", "sessions"):
        del written[field]
    (tmp_path / attempt_state.NAME).write_bytes(msgspec.json.encode(written))
    assert KeptOrder.of(order(1), attempt_state.read(tmp_path)).conversed
