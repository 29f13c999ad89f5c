"""A task's state is the same in the API, the CLI, chats and the console, whatever has happened."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.chat import lark_cards, slack_cards
from app.domain.shown_state import ShownState, find_shown_state
from app.domain.task import SuspendReason, TaskStatus
from app.models import Developer
from app.services.chat import cards
from app.services.tasks import gates, queries
from muster.cli.task import show
from tests import programs
from tests.contract.task_histories import TaskHistories

Login = Callable[[Developer], dict[str, str]]
Document = Mapping[str, Any]
HISTORIES, STEPS, SEED = 200, 4, 30
PATH = "/api/web/tasks"
_LIVE_STATES = {"queued", "assigned", "running", "needs you", "waiting"}
CONSOLE = programs.ROOT / "console"

# Run in the console's folder: bundles its function, and prints its word for each document on stdin.
CONSOLE_WORDS = """
import { text } from 'node:stream/consumers'
import { rolldown } from 'rolldown'
const source = `
  export { displayStatus } from './src/lib/task/displayStatus.ts'
  export { status } from './src/i18n/en/common.ts'`
const plugin = {
  name: 'entry',
  resolveId: (id) => (id === 'entry' ? `${process.cwd()}/entry.ts` : null),
  load: (id) => (id.endsWith('/entry.ts') ? source : null),
}
const bundle = await rolldown({ input: 'entry', plugins: [plugin] })
const { output } = await bundle.generate({ format: 'esm' })
const url = 'data:text/javascript,' + encodeURIComponent(output[0].code)
const { displayStatus, status } = await import(url)
const tasks = JSON.parse(await text(process.stdin))
console.log(JSON.stringify(tasks.map((task) => status[displayStatus(task)].toLowerCase())))
"""


def state_of_fields(task: Document, question: object) -> ShownState:
    """The state by the API's fields, as the rule has it."""
    reason = task["suspendReason"]
    return find_shown_state(
        TaskStatus(task["status"]),
        SuspendReason(reason) if reason else None,
        is_asking=question is not None,
    )


def states_in_console(tasks: list[Document]) -> list[str]:
    command = [programs.find("node"), "--input-type=module", "-e", CONSOLE_WORDS]
    done = subprocess.run(
        command, cwd=CONSOLE, input=json.dumps(tasks), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def states_in_chat(actor: Developer, task_id: int) -> set[str]:
    """What the card's footer and the reply to `progress` have."""
    task = queries.get(actor, task_id)
    card = cards.build_card(task, gates.find_open_gate(task))
    slack = slack_cards.card(card)["blocks"][-1]["elements"][0]["text"]
    lark = lark_cards.card(card)["elements"][-1]["elements"][0]["content"]
    headline = cards.describe_progress(task).partition(":")[0]
    prefix = f"#{task.id} {task.project.key} "
    footers = {text.rpartition(" · ")[2] for text in (slack, lark)}
    return footers | {headline.removeprefix(prefix)}


@pytest.mark.needs("node")
def test_what_people_see_of_a_task_is_the_same_everywhere(
    client: FlaskClient, login: Login
) -> None:
    histories = TaskHistories(SEED)
    ids = histories.generate(HISTORIES, STEPS)
    headers = login(histories.admin)
    query = {"ids": ",".join(map(str, ids)), "limit": HISTORIES}
    items = client.get(PATH, query_string=query, headers=headers).json["items"]
    listed = {item["id"]: item for item in items}
    details = [client.get(f"{PATH}/{id_}", headers=headers).json for id_ in ids]
    rows = [listed[id_] for id_ in ids]
    words = states_in_console([*details, *rows])
    in_console = zip(words[: len(ids)], words[len(ids) :], strict=True)
    wrong = {}
    for detail, row, console in zip(details, rows, in_console, strict=True):
        state = state_of_fields(detail, detail["gate"])
        shown = {
            "list": {state_of_fields(row, row["question"])},
            "CLI": {show.shown_state(detail), show.shown_state(row)},
            "chat": states_in_chat(histories.admin, detail["id"]),
            "console": set(console),
        }
        if different := {place: found for place, found in shown.items() if found != {state}}:
            wrong[f"#{detail['id']} {detail['status']} {detail['suspendReason']}"] = (
                state,
                different,
            )
    assert not wrong
    assert_everything_happened(details)
    assert_counted(client, headers, details)


def assert_counted(client: FlaskClient, headers: dict[str, str], details: list[Document]) -> None:
    """Projects and the dashboard count the live tasks by their states."""
    fields = {"needs you": "needsYou", **{name: name for name in _LIVE_STATES - {"needs you"}}}
    found = Counter[tuple[str, str]]()
    for detail in details:
        found[detail["projectKey"], state_of_fields(detail, detail["gate"])] += 1
    projects = client.get("/api/web/projects", headers=headers).json["items"]
    assert {project["key"]: project["taskStates"] for project in projects} == {
        key: {field: found[key, state] for state, field in fields.items()}
        for key in {key for key, _ in found}
    }
    stats = client.get("/api/web/dashboard/stats", headers=headers).json["taskStates"]
    assert stats == {
        field: sum(n for (_, each), n in found.items() if each == state)
        for state, field in fields.items()
    }


def assert_everything_happened(details: list[Document]) -> None:
    """The histories end in every state, and with a question where one may be overlooked."""
    states = {state_of_fields(detail, detail["gate"]) for detail in details}
    assert states == set(ShownState)
    assert {detail["suspendReason"] for detail in details} - {None} == set(SuspendReason)
    asking = {(each["status"], each["suspendReason"]) for each in details if each["gate"]}
    assert asking >= {("queued", None), ("suspended", "machine_lost")}
