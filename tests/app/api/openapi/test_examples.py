"""The examples of request bodies, which people send as they are to try an operation."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.openapi.request_examples import REQUEST_EXAMPLES
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, Project, Task
from tests.factories import make_developer


@pytest.fixture
def bodies(app: Flask) -> list[tuple[str, Any]]:
    """The schema of each body, and its example."""
    paths = app.extensions["api_description"].document["paths"]
    operations = [
        operation
        for item in paths.values()
        for name, operation in item.items()
        if name != "parameters"
    ]
    contents = [each["requestBody"]["content"] for each in operations if "requestBody" in each]
    return [
        (content["schema"]["$ref"].rpartition("/")[2], content["example"])
        for content in (each["application/json"] for each in contents if "application/json" in each)
    ]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for below in value.values() if isinstance(value, dict) else ():
        yield from texts(below)
    for below in value if isinstance(value, list) else ():
        yield from texts(below)


def test_each_body_that_is_an_example_passes_the_validation_of_its_route(
    app: Flask, bodies: list[tuple[str, Any]]
) -> None:
    api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    schemas = {name: key[0] for key, name in api.ma_plugin.converter.refs.items()}
    assert len(bodies) > 50
    for name, example in bodies:
        assert schemas[name]().validate(example) == {}, name


def test_no_example_of_a_body_has_a_value_that_only_fills_a_field(
    bodies: list[tuple[str, Any]],
) -> None:
    assert [name for name, example in bodies if "text" in texts(example)] == []


def test_each_written_example_is_that_of_a_body(bodies: list[tuple[str, Any]]) -> None:
    assert REQUEST_EXAMPLES.keys() <= {name for name, _ in bodies}


def test_the_examples_create_a_task_that_any_machine_can_get(
    app: Flask,
    client: FlaskClient,
    login: Callable[[Developer], Any],
    bodies: list[tuple[str, Any]],
) -> None:
    headers, examples = login(make_developer(role=SystemRole.ADMIN)), dict(bodies)
    made = client.post("/api/admin/projects", json=examples["NewProject"], headers=headers)
    assert made.status_code == 201, made.json
    made = client.post("/api/web/tasks", json=examples["NewTask"], headers=headers)
    assert made.status_code == 201, made.json
    task = db.session.get_one(Task, made.json["id"])
    assert (task.machine_selector, task.requested_machine_id) == (None, None)
    project = db.session.get_one(Project, task.project_id)
    assert (project.machine_selector, project.protected) == (None, False)
