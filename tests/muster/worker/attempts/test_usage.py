"""What an agent has used is reported while its stage runs, and before its end is."""

from typing import Any, cast

from muster.protocol.frames import StageFinished, Stop, Stopped, Usage, UsageItem
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.attempts.test_transcript import Speak, held, numbered, speak
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "speak", "worker"]


def tells(tokens: int, **facts: Any) -> str:
    """The act of an agent that says it has used so many tokens."""
    said = {"usage": [{"model": "m", "inputTokens": tokens, "cost": None}], **facts}
    return f"ask({{'facts': {said!r}}})\n"


def told(worker: WorkerHome) -> list[tuple[int, int, int | None]]:
    """Stage, run and input of each report."""
    found = cast(list[Usage], worker.server.bodies(Usage))
    return [(each.stage_index, each.run, each.items[0].input_tokens) for each in found]


def test_it_comes_before_the_stages_end_and_unknown_stays_unknown(
    worker: WorkerHome, speak: Speak
) -> None:
    server = worker.start().server
    speak(tells(7))
    server.until_said(StageFinished)
    assert server.bodies(Usage) == [Usage(0, "custom", [UsageItem("m", input_tokens=7)])]
    assert milestones(worker).index("Usage") < milestones(worker).index("StageFinished")
    speak("", stage_index=1)
    server.until_said(StageFinished, 2)
    assert told(worker) == [(0, 0, 7)]


def test_a_stage_that_fails_has_used_what_it_has(worker: WorkerHome, speak: Speak) -> None:
    server = worker.start().server
    speak(tells(7) + "sys.exit(3)")
    server.until_said(StageFinished)
    assert told(worker) == [(0, 0, 7)]


def test_it_comes_while_the_stage_runs_but_not_at_every_word(
    worker: WorkerHome, speak: Speak
) -> None:
    server = worker.start().server
    flag, wait = held(worker)
    pause = "entry('x')\nimport time\ntime.sleep(0.4)\n"
    many = "".join(tells(tokens) + pause for tokens in range(1, 8))
    speak(f"{many}{wait}{tells(99)}")
    server.until(lambda: told(worker) != [])
    assert server.bodies(StageFinished) == []
    server.until(lambda: len(numbered(worker)) == 7)
    flag.touch(0o666)
    server.until_said(StageFinished)
    reported = [tokens for *_, tokens in told(worker)]
    assert (reported[-1], len(reported) <= 3) == (99, True)


def test_a_conversation_is_told_by_the_runs_that_it_has(worker: WorkerHome, speak: Speak) -> None:
    server = worker.server
    worker.spawn()
    thread = {"session": "t-1", "isOfSession": True}
    speak(tells(1000, **thread))
    server.until_said(StageFinished)
    worker.kill()
    worker.spawn()
    speak(tells(2500, **thread), stage_index=1)
    server.until_said(StageFinished, 2)
    assert told(worker) == [(0, 0, 1000), (1, 0, 1500)]


def test_a_stage_that_is_stopped_says_so_too(worker: WorkerHome, speak: Speak) -> None:
    server = worker.start().server
    _, wait = held(worker)
    speak(f"{tells(7)}show('up')\n{wait}")
    server.until(lambda: b"up" in server.log())
    server.send(Stop(7, 1, "cancelled"))
    server.until_said(Stopped)
    assert told(worker)[-1] == (0, 0, 7)
