"""Agents with the terminal to themselves, and somebody who sits before it: through the server."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.agents.agents import CLAUDE, CODEX, OPENCODE
from tests.agents.marks import needs_agent
from tests.agents.model.script import turn
from tests.agents.model.server import Model
from tests.agents.service import AgentProject, MachineUser, Service
from tests.agents.testbed import PROMPT, repair
from tests.flows.running_stack import FollowedTask
from tests.flows.test_terminal_in_full import Client
from tests.hostile.users import USERS

TIMEOUT_SECONDS = 120.0


@contextmanager
def sitting_before(given: AgentProject) -> Iterator[tuple[FollowedTask, Client]]:
    task = given.ask(PROMPT, interface="terminal", permissions=None)
    task.wait_for_status("running", patience=TIMEOUT_SECONDS)
    client = Client(given.service, task)
    yield task, client
    client.viewer.close()


def shows(client: Client, words: str) -> None:
    """Waits until the screen has these."""
    client.wait_for(lambda: words in "\n".join(client.lines), TIMEOUT_SECONDS)


def waits_in_terminal(task: FollowedTask) -> bool:
    return (task.now()["waitingFor"] or {}).get("reason") == "terminal"


def wait_in_terminal(task: FollowedTask) -> None:
    task.wait_for(lambda: waits_in_terminal(task), "wait in the terminal", TIMEOUT_SECONDS)


def inbox_of(given: AgentProject) -> list[tuple[str, int]]:
    items = given.service.api.get("/api/web/inbox", kind="terminal")["items"]
    return [(item["kind"], item["task"]["id"]) for item in items]


def is_idle(client: Client) -> bool:
    return "esc interrupt" not in "\n".join(client.lines)


@needs_agent(OPENCODE)
def test_opencode_is_let_to_make_an_edit_and_told_to_end(service: Service, model: Model) -> None:
    read, edit, *_ = repair()
    play = model.play(read, edit, turn("Repaired."))
    asking = {"OPENCODE_PERMISSION": '{"edit": "ask"}'}
    place = service.places["root"]
    given = service.given(place, OPENCODE, model.url, play, environment=asking)
    with sitting_before(given) as (task, client):
        shows(client, "Permission required")
        client.type("\r")
        shows(client, "Repaired.")
        client.wait_for(lambda: is_idle(client), TIMEOUT_SECONDS)
        client.type("/exit")
        shows(client, "Exit the app")
        client.type("\r")
        done = task.wait_for_status("completed", patience=TIMEOUT_SECONDS)
    assert given.is_repaired(done["branch"])


@needs_agent(CLAUDE)
def test_claude_is_trusted_let_to_make_an_edit_and_told_to_end(
    service: Service, model: Model, place: MachineUser
) -> None:
    """Where the room is full, the workspace is trusted without a question."""
    read, edit, *_ = repair()
    play = model.play(read, edit, turn("Repaired."))
    given = service.given(place, CLAUDE, model.url, play)
    with sitting_before(given) as (task, client):
        if place.user.uid is not None:
            shows(client, "Yes, I trust this folder")
            client.type("1")
        shows(client, "Do you want to use this API key?")
        wait_in_terminal(task)
        assert inbox_of(given) == [("terminal", task.id)]
        client.type("1")
        shows(client, "Do you want to make this edit")
        client.type("1")
        shows(client, "Repaired.")
        task.wait_for(lambda: not waits_in_terminal(task), "agent at work", TIMEOUT_SECONDS)
        client.type("/exit")
        client.type("\r")
        done = task.wait_for_status("completed", patience=TIMEOUT_SECONDS)
    assert given.is_repaired(done["branch"])


@needs_agent(CLAUDE)
def test_claude_without_a_key_waits_in_its_terminal(service: Service, model: Model) -> None:
    given = service.given(service.places["root"], CLAUDE, model.url, None)
    with sitting_before(given) as (task, client):
        shows(client, "Not logged in")
        wait_in_terminal(task)
        task.act("cancel")


@needs_agent(CODEX)
def test_codex_without_a_key_waits_in_its_terminal_for_a_login(
    service: Service, model: Model
) -> None:
    """Without a provider of one's own. On the other user's machine the repository isn't trusted."""
    place = service.places[USERS[-1].name]
    given = service.given(place, CODEX, model.url, None)
    task = given.ask(PROMPT, interface="terminal", permissions=None, model=None, arguments=[])
    task.wait_for_status("running", patience=TIMEOUT_SECONDS)
    wait_in_terminal(task)
    task.act("cancel")
