"""/api/web/agents, and the warnings of what asks for an agent."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.models import Project
from tests.app.api.web.projects_world import NEW, admin
from tests.factories import make_machine

__all__ = ["admin"]


def test_the_agents_are_listed_by_name_a_page_at_a_time(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    make_machine(capabilities=[{"agentType": "qwen", "version": "2.0"}])
    page = client.get("/api/web/agents?offset=1&limit=2", headers=headers).json
    assert [each["type"] for each in page["items"]] == ["codex", "cursor"]
    assert (page["total"], page["offset"], page["limit"]) == (5, 1, 2)
    (last,) = client.get("/api/web/agents?offset=4", headers=headers).json["items"]
    counts = {"machineCount": 1, "healthyCount": 1, "versions": ["2.0"]}
    assert last == {"type": "qwen", **counts, "keys": ["OPENAI_API_KEY"]}


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(each["code"], each["field"]) for each in answer.json["warnings"]]


UNKNOWN = ("unknown_agent", "agentType")
BOLD = ("permissions_without_sandbox", "agentOptions")
ALL = {"agentOptions": {"permissions": "all"}}


@pytest.mark.parametrize(
    ("asked", "warned"),
    [
        ({}, []),
        ({"agentType": "quen"}, [UNKNOWN]),
        (ALL, [BOLD]),
        ({"agentType": "quen", **ALL}, [UNKNOWN, BOLD]),
        ({"agentOptions": {"permissions": "run"}}, []),
    ],
)
@pytest.mark.parametrize("once", [{}, {"Idempotency-Key": "one"}], ids=["plain", "with a key"])
def test_who_creates_a_task_is_warned_and_has_it(
    client: FlaskClient,
    project: Project,
    headers: dict[str, str],
    asked: dict[str, Any],
    warned: list[tuple[str, str]],
    once: dict[str, str],
) -> None:
    make_machine()
    body = {"projectKey": project.key, "description": "Do it.", **asked}
    made = client.post("/api/web/tasks", json=body, headers=headers | once)
    assert (made.status_code, codes(made)) == (201, warned), made.json
    assert made.json["agentType"] == asked.get("agentType", "claude")
    assert made.json["agentOptions"] == asked.get("agentOptions")
    if once:
        again = client.post("/api/web/tasks", json=body, headers=headers | once)
        assert again.json == made.json


def test_who_saves_a_project_is_warned_and_has_it(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    make_machine()
    made = client.post("/api/admin/projects", json={**NEW, **ALL}, headers=admin)
    assert (made.status_code, codes(made)) == (201, [BOLD])
    for change, warned in (
        ({"agentType": "quen"}, [UNKNOWN, BOLD]),
        ({"minSandbox": "full"}, [UNKNOWN]),
        ({"agentType": "claude"}, []),
    ):
        saved = client.put("/api/web/projects/shop", json=change, headers=admin)
        assert (saved.status_code, codes(saved)) == (200, warned)
    assert "warnings" not in client.get("/api/web/projects/shop", headers=admin).json
