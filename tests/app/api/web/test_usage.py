"""What agents have used: on tasks, in groups, and as a table for spreadsheets."""

import csv
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.usage import GroupBy
from app.extensions import db
from app.models import Developer, Project, Task
from tests.factories import (
    make_attempt,
    make_developer,
    make_machine,
    make_project,
    make_task,
    make_usage,
)
from tests.factories.rows import now

Login = Callable[[Developer], dict[str, str]]
NOTHING = {
    "inputTokens": None,
    "cachedTokens": None,
    "outputTokens": None,
    "reasoningTokens": None,
    "cost": None,
    "isEstimate": False,
}


@pytest.fixture
def admin(app: object) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


def make_started_task(project: Project | None = None, **given: Any) -> Task:
    """A task with an attempt."""
    task = make_task(project=project, **given)
    make_attempt(task, make_machine())
    return task


@pytest.fixture
def get_usage(client: FlaskClient, login: Login, admin: Developer) -> Callable[..., Any]:
    def ask(who: Developer = admin, **query: Any) -> Any:
        query = {name.rstrip("_"): value for name, value in query.items()}
        answer = client.get("/api/web/usage", query_string=query, headers=login(who))
        assert answer.status_code == 200, answer.text
        return answer.json

    return ask


def keys(page: Any) -> list[str | None]:
    return [group["key"] for group in page["items"]]


def test_a_tasks_usage_is_null_until_something_is_known(
    client: FlaskClient, login: Login, admin: Developer
) -> None:
    task, headers = make_task(), login(admin)
    assert client.get(f"/api/web/tasks/{task.id}", headers=headers).json["usage"] is None
    task.usage = {**NOTHING, "inputTokens": 7, "cost": 0.125, "isEstimate": True}
    db.session.commit()
    usage = {**NOTHING, "inputTokens": 7, "cost": 0.125, "isEstimate": True}
    assert client.get(f"/api/web/tasks/{task.id}", headers=headers).json["usage"] == usage
    assert client.get("/api/web/tasks", headers=headers).json["items"][0]["usage"] == usage


@pytest.mark.parametrize("by", GroupBy)
def test_each_way_to_group_has_its_keys_and_names(
    get_usage: Callable[..., Any], by: GroupBy
) -> None:
    author = make_developer()
    task = make_started_task(
        make_project(key="SHOP", name="The shop"), creator=author, description="Mend it."
    )
    make_usage(task, model="opus", stage_name="develop", output_tokens=3)
    expected = {
        GroupBy.TASK: (str(task.id), "Mend it."),
        GroupBy.ATTEMPT: (f"{task.id}-1", None),
        GroupBy.STAGE: ("develop", None),
        GroupBy.PROJECT: ("SHOP", "The shop"),
        GroupBy.DEVELOPER: (str(author.id), author.name),
        GroupBy.AGENT: (task.agent_type, None),
        GroupBy.MODEL: ("opus", None),
        GroupBy.DAY: (now().date().isoformat(), None),
    }
    key, name = expected[by]
    page = get_usage(groupBy=by)
    assert page["items"] == [{"key": key, "name": name, "usage": {**NOTHING, "outputTokens": 3}}]


def test_a_model_that_no_agent_named_has_no_key(get_usage: Callable[..., Any]) -> None:
    make_usage(make_started_task(), output_tokens=3)
    assert keys(get_usage(groupBy="model")) == [None]


def test_only_the_projects_that_one_sees_count(get_usage: Callable[..., Any]) -> None:
    member = make_developer()
    mine, other = make_project(key="MINE", members=[member]), make_project(key="OTHER")
    make_usage(make_started_task(mine), input_tokens=1)
    make_usage(make_started_task(other), input_tokens=10)
    assert keys(get_usage()) == ["MINE", "OTHER"]
    assert keys(get_usage(who=member)) == ["MINE"]
    assert get_usage(who=member, groupBy="agent")["items"][0]["usage"]["inputTokens"] == 1
    assert keys(get_usage(who=make_developer())) == []
    assert keys(get_usage(who=member, project="OTHER")) == []


def test_days_and_a_project_and_a_task_may_be_asked_for(get_usage: Callable[..., Any]) -> None:
    today = now().date()
    project = make_project(key="ONE")
    task = make_started_task(project)
    for ago in range(4):
        make_usage(task, run=ago, day=today - timedelta(days=ago), input_tokens=1)
    other = make_started_task(make_project(key="TWO"))
    make_usage(other, input_tokens=5)
    days = [str(today - timedelta(days=ago)) for ago in range(4)]
    assert keys(get_usage(groupBy="day")) == days
    assert keys(get_usage(groupBy="day", from_=days[2], to=days[1])) == days[1:3]
    assert keys(get_usage(project="one")) == ["ONE"]
    assert keys(get_usage(groupBy="task", taskId=other.id)) == [str(other.id)]


@pytest.mark.parametrize("by", GroupBy)
def test_pages_together_are_the_whole(get_usage: Callable[..., Any], by: GroupBy) -> None:
    today = now().date()
    for n in range(5):
        task = make_started_task()
        names = {"model": f"m{n % 3}" if n else "", "stage_name": f"s{n}", "agent": f"a{n}"}
        make_usage(task, day=today - timedelta(days=n), input_tokens=n, **names)
    whole = get_usage(groupBy=by)
    found, cursor = [], {}
    while True:
        page = get_usage(groupBy=by, limit=2, **cursor)
        found += page["items"]
        if page["nextCursor"] is None:
            break
        assert len(page["items"]) == 2
        cursor = {"cursor": page["nextCursor"]}
    assert (found, whole["nextCursor"]) == (whole["items"], None)


def table(client: FlaskClient, headers: dict[str, str], **query: Any) -> tuple[Any, Any]:
    """The rows, and the Link header."""
    asked = {**headers, "Accept": "text/csv"}
    answer = client.get("/api/web/usage", query_string=query, headers=asked)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.reader(answer.text.splitlines())), answer.headers.get("Link")


def test_a_table_has_all_rows_and_empty_cells_for_what_is_unknown(
    client: FlaskClient, login: Login, admin: Developer
) -> None:
    used = {"input_tokens": 5, "cost": Decimal("0.25"), "is_estimate": True}
    make_usage(make_started_task(), model="opus", **used)
    rows, link = table(client, login(admin), groupBy="model")
    head = "key,name,inputTokens,cachedTokens,outputTokens,reasoningTokens,cost,isEstimate"
    assert rows == [head.split(","), ["opus", "", "5", "", "", "", "0.25", "true"]]
    assert link is None


def test_a_table_that_is_cut_says_where_it_goes_on(
    client: FlaskClient, login: Login, admin: Developer
) -> None:
    for model in ("a", "b"):
        make_usage(make_started_task(), model=model, input_tokens=1)
    headers = login(admin)
    rows, link = table(client, headers, groupBy="model", limit=1)
    assert (rows[1][0], link[-12:]) == ("a", '; rel="next"')
    following = client.get(link[1 : link.index(">")], headers={**headers, "Accept": "text/csv"})
    assert following.text.splitlines()[1].startswith("b,")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_table_is_a_formula(
    client: FlaskClient, login: Login, admin: Developer, text: str
) -> None:
    make_usage(make_started_task(description=text), model=text, input_tokens=1)
    headers = {**login(admin), "Accept": "text/csv"}
    for by, place in (("model", 0), ("task", 1)):
        answer = client.get("/api/web/usage", query_string={"groupBy": by}, headers=headers)
        _, row = csv.reader(answer.text.splitlines(keepends=True))
        assert row[place].startswith("'"), row


@pytest.mark.parametrize(
    "query", [{"groupBy": "x"}, {"from": "yesterday"}, {"cursor": "x"}, {"limit": 201}]
)
def test_what_makes_no_sense_is_refused(
    client: FlaskClient, login: Login, admin: Developer, query: dict[str, Any]
) -> None:
    answer = client.get("/api/web/usage", query_string=query, headers=login(admin))
    assert answer.status_code == 422


def test_a_table_ends_where_it_would_be_too_large(
    client: FlaskClient, login: Login, admin: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [f"model-{number}" for number in range(9)]
    for model in models:
        make_usage(make_started_task(), model=model, input_tokens=1)
    monkeypatch.setattr("app.api.pagination.PAGE_BYTES", 200)
    headers = {**login(admin), "Accept": "text/csv"}
    path, found = "/api/web/usage?groupBy=model", []
    while path:
        answer = client.get(path, headers=headers)
        assert len(answer.data) <= 200
        found += [row.partition(",")[0] for row in answer.text.splitlines()[1:]]
        link = answer.headers.get("Link", "")
        path = link[1 : link.find(">")]
    assert found == models
