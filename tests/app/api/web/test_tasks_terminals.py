"""What a task tells about its terminal: whether it has one, and whether its stage reads it."""

import pytest
from flask.testing import FlaskClient

from app.domain.attempt import AttemptPhase
from app.domain.task import TaskStatus
from app.models import Project
from tests.factories import (
    make_attempt,
    make_machine,
    make_task,
)

PATH = "/api/web/tasks"


@pytest.mark.parametrize("phase", AttemptPhase, ids=str)
def test_a_task_says_whether_a_token_for_its_terminal_would_be_given(
    client: FlaskClient, project: Project, headers: dict[str, str], phase: AttemptPhase
) -> None:
    task = make_task(project=project, status=TaskStatus.RUNNING)
    make_attempt(task, make_machine(), phase=phase)
    has_terminal = client.get(f"{PATH}/{task.id}", headers=headers).json["hasTerminal"]
    response = client.post(f"{PATH}/{task.id}/pty-token", json={}, headers=headers)
    assert (has_terminal, response.status_code) in [(True, 200), (False, 409)]
    assert has_terminal is (phase is AttemptPhase.RUN)


@pytest.mark.parametrize(
    ("agent", "options", "reads"),
    [("claude", None, False), ("claude", {"interface": "terminal"}, True), ("custom", None, True)],
)
def test_a_task_says_whether_its_stage_reads_its_terminal(
    client: FlaskClient,
    project: Project,
    headers: dict[str, str],
    agent: str,
    options: dict[str, str] | None,
    reads: bool,
) -> None:
    task = make_task(project=project, agent_type=agent, agent_options=options)
    shown = client.get(f"{PATH}/{task.id}", headers=headers).json
    assert shown["readsTerminal"] is reads
    shell = [{"name": "test", "kind": "shell", "command": "make test"}]
    task = make_task(project=project, agent_type=agent, agent_options=options, pipeline=shell)
    assert client.get(f"{PATH}/{task.id}", headers=headers).json["readsTerminal"] is True
