"""What a real agent does is visible while it does it: each step, and its text."""

import time
from datetime import datetime

from tests.agents.agents import CLAUDE, CODEX, Agent
from tests.agents.marks import needs_agent, parametrize_agents
from tests.agents.model.script import TextPart, Turn, call, turn
from tests.agents.model.server import Model
from tests.agents.real.task_stream import read_stream
from tests.agents.service import MachineUser, Service, transcript

VISIBLE_SECONDS = 1.0
COUNT = "for n in 1 2 3 4 5 6; do printf 'line %s\\n' $n; sleep 0.5; done"
TEXT = ("First I look at the package, then I repair it, and then I run its tests. " * 4).strip()


@parametrize_agents(CLAUDE, CODEX)
def test_a_step_is_visible_soon_after_it_has_started(
    agent: Agent, service: Service, place: MachineUser, model: Model
) -> None:
    play = model.play(turn(call("run", command="date +%s.%N > begun; sleep 4")), turn("Done."))
    given = service.given(place, agent, model.url, play)
    task = given.ask("Work.")
    with read_stream(task) as stream:
        running, seen_at = stream.wait_for_entry(kind="command", state="running")
        done, _ = stream.wait_for_entry(kind="command", state="done")
    ended = task.wait_for_status("completed")
    begun = float(given.remote.git("show", f"{ended['branch']}:begun"))
    assert seen_at - begun < VISIBLE_SECONDS
    assert "sleep 4" in running["title"]
    assert (running["number"], running["text"], running["finishedAt"]) == (done["number"], "", None)
    started, finished = (datetime.fromisoformat(done[each]) for each in ("startedAt", "finishedAt"))
    assert (finished - started).total_seconds() > 3
    cpu = stream.texts("cpu")[0].data
    assert (cpu["entry"], float(cpu["text"]) >= 0) == (done["number"], True)
    states = [each["state"] for each in transcript(task, "command")]
    assert states == ["done"]


@needs_agent(CODEX)
def test_what_its_command_prints_is_visible_while_it_runs(
    service: Service, place: MachineUser, model: Model
) -> None:
    play = model.play(turn(call("run", command=COUNT)), turn("Done."))
    task = service.given(place, CODEX, model.url, play).ask("Work.")
    with read_stream(task) as stream:
        ended, ended_at = stream.wait_for_entry(kind="command", state="done")
    outputs = stream.texts("output")
    assert {each.data["entry"] for each in outputs} == {ended["number"]}
    assert outputs[0].data["offset"] == 0
    assert outputs[0].at < ended_at - 1
    shown = "".join(each.data["text"] for each in outputs)
    assert "line 3\nline 4\n" in shown
    # codex omits what a command prints at once.
    assert shown in ended["text"]


@needs_agent(CLAUDE)
def test_its_text_is_visible_while_it_writes_it(
    service: Service, place: MachineUser, model: Model
) -> None:
    play = model.play(Turn((TextPart(TEXT),), pace=0.3))
    task = service.given(place, CLAUDE, model.url, play).ask("Work.")
    with read_stream(task) as stream:
        entry, complete_at = stream.wait_for_entry(kind="message", text=TEXT)
    texts = stream.texts("message")
    assert entry["state"] is None
    assert texts[0].at < complete_at - 0.3
    assert "".join(each.data["text"] for each in texts).strip() in TEXT
    assert time.time() > complete_at
