"""An agent's own screen, in somebody's own terminal, by `muster attach`."""

import os

from tests.agents.agents import OPENCODE
from tests.agents.marks import needs_agent
from tests.agents.model.script import turn
from tests.agents.model.server import Model
from tests.agents.service import Service
from tests.agents.testbed import PROMPT, repair
from tests.install.attached_person import ATTACH, Person

TIMEOUT_SECONDS = 120.0


@needs_agent(OPENCODE)
def test_an_agent_s_screen_is_left_come_back_to_and_used(service: Service, model: Model) -> None:
    read, edit, *_ = repair()
    play = model.play(read, edit, turn("Repaired."))
    asking = {"OPENCODE_PERMISSION": '{"edit": "ask"}'}
    given = service.given(service.places["root"], OPENCODE, model.url, play, environment=asking)
    task = given.ask(PROMPT, interface="terminal", permissions=None)
    task.wait_for_status("running", patience=TIMEOUT_SECONDS)
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.getcwd(),
        "MUSTER_SERVER": given.service.stack.url,
        "MUSTER_TOKEN": given.service.api.token,
    }

    def shows(words: str) -> None:
        person.wait_for(lambda: words in "\n".join(person.lines), words, TIMEOUT_SECONDS)

    with Person(env, 120, 40) as person:
        person.type(f"{ATTACH} {task.id}\n")
        shows("Permission required")
        person.resize(100, 30)
        person.type("~.")  # the first that is typed begins a line
        person.check_left(0)
        person.type(f"clear; {ATTACH} {task.id}\n")
        shows("Permission required")
        person.type("\r")
        shows("Repaired.")
        person.wait_for(
            lambda: "esc interrupt" not in "\n".join(person.lines), "rest", TIMEOUT_SECONDS
        )
        person.type("/exit")
        shows("Exit the app")
        person.type("\r")
        task.wait_for_status("completed", patience=TIMEOUT_SECONDS)
        person.check_left(0)
