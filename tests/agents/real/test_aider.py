"""The real aider, which works by texts alone, and runs its tests itself."""

from tests.agents.agents import AIDER, AIDERS
from tests.agents.marks import needs_agent
from tests.agents.model.script import Step, Usage, call, turn
from tests.agents.model.server import Model
from tests.agents.service import MachineUser, Service
from tests.agents.testbed import COMMAND, PROMPT, RIGHT, WRONG
from tests.flows.running_stack import wait_for

PATH = "arithmetic/__init__.py"
BAD = "    return number * 3\n"
TOKENS = 5000
TESTED = [*AIDERS, "--auto-test", "--test-cmd", COMMAND]


def repair() -> list[Step]:
    """The first attempt at it fails the tests."""
    return [
        turn(call("read", path=PATH), usage=Usage(2000, 0, 50)),
        turn(call("edit", path=PATH, old=WRONG, new=BAD), usage=Usage(3400, 0, 60)),
        turn(call("edit", path=PATH, old=BAD, new=RIGHT), usage=Usage(1500, 0, 70)),
    ]


@needs_agent(AIDER)
def test_it_repairs_a_package_tests_it_and_knows_of_it_in_the_next_stage(
    service: Service, model: Model, place: MachineUser
) -> None:
    play = model.play(*repair(), turn("I repaired it."))
    given = service.given(place, AIDER, model.url, play)
    task = given.ask(PROMPT, "What did you do?", arguments=TESTED)
    done = task.wait_for_status("completed", patience=120)
    assert (play.left, play.problems) == (0, [])
    assert given.is_repaired(done["branch"])
    assert ".aider" not in given.remote.git("ls-tree", "--name-only", done["branch"])
    assert "FAILED (failures=1)" in play.main[2].text
    assert "Ran 1 test" in task.log().decode()
    assert PROMPT in str(play.main[3].body)
    used = done["usage"]
    assert (used["inputTokens"], used["cachedTokens"]) == (play.total.input, None)
    assert (used["outputTokens"], used["reasoningTokens"]) == (play.total.output, None)


@needs_agent(AIDER)
def test_it_is_cancelled_with_all_that_it_has_started(service: Service, model: Model) -> None:
    given = service.given(service.places["root"], AIDER, model.url, model.play(*repair()))
    waits = [*AIDERS, "--auto-test", "--test-cmd", "sleep 6543.21"]
    task = given.ask(PROMPT, arguments=waits)
    task.wait_for(lambda: b"sleep\x006543.21\x00" in given.living, "command")
    task.act("cancel")
    wait_for(lambda: not given.living, "end of all", 3)
    assert task.now()["status"] == "cancelled"


@needs_agent(AIDER)
def test_a_wrong_key_fails_its_task(service: Service, model: Model) -> None:
    """Although it ends well itself."""
    given = service.given(service.places["root"], AIDER, model.url, "sk-of-nobody")
    failure = given.ask(PROMPT).wait_for_status("failed", patience=120)["failure"]
    assert failure["code"] == "agent_unauthorized"
    assert "Incorrect API key" in failure["message"]


@needs_agent(AIDER)
def test_its_budget_stops_it_at_a_gate_and_an_answer_lets_it_go_on(
    service: Service, model: Model
) -> None:
    """On its own work: it is shown what was said before."""
    read, edit, mend = repair()
    before, then = [read, edit], [turn(call("read", path=PATH)), mend]  # its files are forgotten
    once = "test -e .aider.begun || { touch .aider.begun; sleep 60; }"
    play = model.play(*before, *then)
    given = service.given(service.places["root"], AIDER, model.url, play)
    tested = [*AIDERS, "--auto-test", "--test-cmd", f"sh -c '{once}; {COMMAND}'"]
    task = given.ask(PROMPT, budget={"tokens": TOKENS}, arguments=tested)
    suspended = task.wait_for_status("suspended", patience=120)
    assert suspended["suspendReason"] == "budget"
    assert not given.living
    assert suspended["usage"]["inputTokens"] == 2000 + 3400
    gate = service.api.get(f"{task.path}/pending-confirm")
    assert (gate["kind"], gate["choices"]) == ("budget", ["continue", "stop"])
    assert gate["diff"]["filesChanged"] == 1

    task.answer(0, "continue")
    done = task.wait_for_status("completed", patience=120)
    assert (done["attempt"], play.left) == (1, 0)
    assert given.is_repaired(done["branch"])
    assert PROMPT in str(play.main[-1].body)
    assert done["usage"]["inputTokens"] == play.total.input
