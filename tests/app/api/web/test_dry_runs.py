"""Dry runs of pipelines: filled-in variables, reported errors, and that nothing changes."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, Project
from tests.factories import make_developer, make_project

Login = Callable[[Developer], dict[str, str]]
Ask = Callable[..., Any]
STAGES = [
    {"name": "develop", "command": "{description} in {project}", "kind": "agent", "timeout": 60},
    {"name": "release", "command": "make", "kind": "shell", "timeout": 60, "confirm": True},
]


@pytest.fixture
def ask(client: FlaskClient, login: Login) -> Ask:
    member = make_developer()
    project = make_project(key="WEB", members=[member], pipeline=STAGES)
    headers = login(member)

    def post(key: str = project.key, **body: Any) -> Any:
        path = f"/api/web/projects/{key}/pipeline/dry-run"
        answer = client.post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.json
        return answer.json

    return post


def test_the_projects_own_pipeline_is_filled_in(ask: Ask) -> None:
    develop, release = ask(description="Mend it")["stages"]
    assert (develop["text"], develop["gate"]) == ("Mend it in WEB", None)
    assert (release["kind"], release["text"], release["timeout"]) == ("shell", "make", 60)
    assert release["gate"] == {
        "kind": "confirm",
        "prompt": "Run stage “release”?",
        "choices": [],
        "timeout": None,
    }
    assert release["variables"]["description"] == "Mend it"


def test_another_pipeline_is_tried_and_not_kept(ask: Ask) -> None:
    dry_run = ask(pipeline=[{"name": "a", "command": "{instruction}!"}], description="Go")
    assert [stage["text"] for stage in dry_run["stages"]] == ["Go!"]
    db.session.expire_all()
    assert db.session.query(Project).one().pipeline == STAGES


def test_a_pipeline_of_no_project_yet(ask: Ask) -> None:
    dry_run = ask("-", description="Go", pipeline=STAGES[:1])
    assert [stage["text"] for stage in dry_run["stages"]] == ["Go in {project}"]
    assert [stage["text"] for stage in ask("-", description="Go")["stages"]] == ["Go"]


@pytest.mark.parametrize(
    ("stages", "field", "code"),
    [
        ([{"name": "a", "command": "{descripton}"}], "pipeline.0", "unknown_variable"),
        (
            [{"name": "a", "command": "x"}, {"name": "a", "command": "x"}],
            "pipeline.1",
            "stage_name_twice",
        ),
        ([{"name": "a", "command": "x", "prompt": "Why?"}], "pipeline.0", "gate_needed"),
        ([{"name": "a"}], "pipeline.0.command", "required"),
        (
            [{"name": "a", "command": "x", "timeout": "long"}],
            "pipeline.0.timeout",
            "not_an_integer",
        ),
        ([{"name": "a", "command": "x", "colour": "red"}], "pipeline.0.colour", "unknown_field"),
        ([], "pipeline", "stage_count"),
        ([{"name": f"s{i}", "command": "x"} for i in range(21)], "pipeline", "stage_count"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_is_no_error(
    ask: Ask, stages: list[dict[str, Any]], field: str, code: str
) -> None:
    dry_run = ask(pipeline=stages)
    assert dry_run["stages"] == []
    assert list(dry_run["errors"]) == [field]
    assert [found["code"] for found in dry_run["errorCodes"][field]] == [code]


def test_who_does_not_see_the_project_is_told_nothing_of_the_pipeline_either(
    client: FlaskClient, login: Login, ask: Ask
) -> None:
    headers = login(make_developer())
    for body in ({}, {"pipeline": [{"name": "a"}]}):
        path = "/api/web/projects/WEB/pipeline/dry-run"
        assert client.post(path, json=body, headers=headers).status_code == 404
    lead = login(make_developer(role=SystemRole.LEAD))
    assert client.post(path, headers=lead).status_code == 200
