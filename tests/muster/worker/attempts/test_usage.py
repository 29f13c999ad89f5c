"""An agent's usage is reported while its stage runs, and before its exit."""

from typing import Any, cast

import pytest

from muster.protocol.frames import StageFinished, Stop, Stopped, Usage, UsageItem
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.attempts.test_transcript import Speak, make_waiting_stage, numbered, speak
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "speak", "worker"]


def usage_stage(tokens: int, **facts: Any) -> str:
    """Return the agent code that reports that many used tokens."""
    reported_facts = {"usage": [{"model": "m", "inputTokens": tokens, "cost": None}], **facts}
    return f"ask({{'facts': {reported_facts!r}}})\n"


def reported_usage(worker: WorkerHome) -> list[tuple[int, int, int | None]]:
    """Stage, run and input of each report."""
    found = cast(list[Usage], worker.server.bodies(Usage))
    return [(each.stage_index, each.run, each.items[0].input_tokens) for each in found]


def test_it_comes_before_the_stages_end_and_unknown_stays_unknown(
    worker: WorkerHome, speak: Speak
) -> None:
    server = worker.start().server
    speak(usage_stage(7))
    server.wait_for_report(StageFinished)
    assert server.bodies(Usage) == [Usage(0, "custom", [UsageItem("m", input_tokens=7)])]
    assert milestones(worker).index("Usage") < milestones(worker).index("StageFinished")
    speak("", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert reported_usage(worker) == [(0, 0, 7)]


def test_a_stage_that_fails_has_used_what_it_has(worker: WorkerHome, speak: Speak) -> None:
    server = worker.start().server
    speak(usage_stage(7) + "sys.exit(3)")
    server.wait_for_report(StageFinished)
    assert reported_usage(worker) == [(0, 0, 7)]


def test_it_comes_while_the_stage_runs_but_not_at_every_word(
    worker: WorkerHome, speak: Speak
) -> None:
    server = worker.start().server
    flag, wait = make_waiting_stage(worker)
    pause = "entry('x')\nimport time\ntime.sleep(0.4)\n"
    many = "".join(usage_stage(tokens) + pause for tokens in range(1, 8))
    speak(f"{many}{wait}{usage_stage(99)}")
    server.wait_for(lambda: reported_usage(worker) != [])
    assert server.bodies(StageFinished) == []
    server.wait_for(lambda: len(numbered(worker)) == 7)
    flag.touch(0o666)
    server.wait_for_report(StageFinished)
    reported = [tokens for *_, tokens in reported_usage(worker)]
    assert (reported[-1], len(reported) <= 3) == (99, True)


def test_it_comes_from_an_agent_that_shows_nothing_more(
    worker: WorkerHome, speak: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.usage._POLL_SECONDS", 0.2)
    server = worker.start().server
    flag, wait = make_waiting_stage(worker)
    speak(f"{usage_stage(7)}show('up')\n{wait}{usage_stage(99)}time.sleep(60)\n")
    server.wait_for(lambda: b"up" in server.log() and reported_usage(worker) != [])
    flag.touch(0o666)
    server.wait_for(lambda: reported_usage(worker)[-1] == (0, 0, 99))
    assert server.bodies(StageFinished) == []


def test_a_sessions_usage_is_reported_per_run(worker: WorkerHome, speak: Speak) -> None:
    server = worker.server
    worker.spawn()
    thread = {"session": "t-1", "isOfSession": True}
    speak(usage_stage(1000, **thread))
    server.wait_for_report(StageFinished)
    worker.kill()
    worker.spawn()
    speak(usage_stage(2500, **thread), stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert reported_usage(worker) == [(0, 0, 1000), (1, 0, 1500)]


def test_a_stage_that_is_stopped_says_so_too(worker: WorkerHome, speak: Speak) -> None:
    server = worker.start().server
    _, wait = make_waiting_stage(worker)
    speak(f"{usage_stage(7)}show('up')\n{wait}")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for_report(Stopped)
    assert reported_usage(worker)[-1] == (0, 0, 7)
