"""A project's templates of descriptions."""

import pytest
from flask.testing import FlaskClient

from tests.app.api.web.projects_world import Login
from tests.factories import make_developer, make_project

BUG = {"name": "Bug", "text": "## What happens\n\n## What should\n"}


def test_maintainers_change_templates_and_members_read_them(
    client: FlaskClient, login: Login
) -> None:
    maintainer, member = make_developer(), make_developer()
    path = f"/api/web/projects/{make_project(members=[member], maintainers=[maintainer]).key}"
    saved = client.put(path, json={"templates": [BUG]}, headers=login(maintainer))
    assert (saved.status_code, saved.json["templates"]) == (200, [BUG])
    assert client.put(path, json={"templates": []}, headers=login(member)).status_code == 403
    assert client.get(path, headers=login(member)).json["templates"] == [BUG]
    client.put(path, json={"name": "Shop"}, headers=login(maintainer))
    assert client.get(path, headers=login(member)).json["templates"] == [BUG]


def test_lists_of_projects_leave_templates_out(client: FlaskClient, login: Login) -> None:
    member = make_developer()
    make_project(members=[member], templates=[BUG])
    (listed,) = client.get("/api/web/projects", headers=login(member)).json["items"]
    assert "templates" not in listed


@pytest.mark.parametrize(
    "wrong",
    [
        [{"name": "", "text": "x"}],
        [{"name": "x", "text": ""}],
        [{"name": "x", "text": "x" * 20_001}],
        [{"name": "x"}],
        [BUG, BUG | {"name": "bug"}],
        [{"name": str(n), "text": "x"} for n in range(21)],
        None,
    ],
)
def test_what_are_no_templates_is_refused(client: FlaskClient, login: Login, wrong: object) -> None:
    maintainer = make_developer()
    path = f"/api/web/projects/{make_project(maintainers=[maintainer]).key}"
    answer = client.put(path, json={"templates": wrong}, headers=login(maintainer))
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")
