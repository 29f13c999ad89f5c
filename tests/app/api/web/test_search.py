"""GET /api/web/search: what is found, in which order, and by whom."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.models import Developer, Task
from tests.factories import make_developer, make_gate, make_machine, make_project, make_task
from tests.factories.rows import now

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/search"


@pytest.fixture
def ada() -> Developer:
    return make_developer()


@pytest.fixture
def find(client: FlaskClient, login: Login) -> Callable[..., dict]:
    def ask(who: Developer, q: str, **more: int) -> dict:
        answer = client.get(PATH, query_string={"q": q, **more}, headers=login(who))
        assert answer.status_code == 200, answer.json
        return answer.json

    return ask


@pytest.fixture
def tasks_of(ada: Developer) -> Callable[..., list[Task]]:
    """Makes a task with each of these descriptions, oldest first, in a project of ada's."""

    def make(*descriptions: str) -> list[Task]:
        project = make_project(members=[ada])
        return [make_task(project=project, description=text) for text in descriptions]

    return make


def ids(found: dict) -> list[int]:
    return [task["id"] for task in found["tasks"]]


def test_an_answer_has_tasks_as_in_their_list_and_machines_and_projects(
    app: object, client: FlaskClient, login: Login, find: Callable[..., dict], ada: Developer
) -> None:
    project = make_project(key="Needle", members=[ada])
    make_task(project=project, description="Find the needle.")
    machine = make_machine(name="needle-1")
    answer = find(ada, "  needle ")
    [listed] = client.get("/api/web/tasks", headers=login(ada)).json["items"]
    assert answer == {
        "query": "needle",
        # But for the queue, which the list alone tells.
        "tasks": [{name: listed[name] for name in answer["tasks"][0]}],
        "machines": [
            {"id": str(machine.id), "name": "needle-1", "status": "online", "connected": True}
        ],
        "projects": [
            {"key": "Needle", "name": project.name, "createdAt": answer["projects"][0]["createdAt"]}
        ],
        "complete": True,
    }
    assert len(answer["tasks"]) == 1


def test_a_hit_says_that_it_waits_for_a_person_and_what_they_may_do(
    find: Callable[..., dict], ada: Developer, tasks_of: Callable[..., list[Task]]
) -> None:
    """Its machine was drained, so that it's queued; but its question is still open."""
    asking, plain = tasks_of("needle", "needle")
    make_gate(asking)
    hits = {task["id"]: task for task in find(ada, "needle")["tasks"]}
    assert (hits[asking.id]["status"], hits[asking.id]["waitingFor"]["reason"]) == (
        "queued",
        "gate",
    )
    assert hits[asking.id]["allowedActions"] == ["answer"]
    assert hits[plain.id]["waitingFor"]["reason"] == "dispatcher"
    assert hits[plain.id]["allowedActions"] == ["follow_up"]


def test_whole_words_come_before_parts_of_words_and_newer_before_older(
    find: Callable[..., dict], ada: Developer, tasks_of: Callable[..., list[Task]]
) -> None:
    phrase, words, older, newer, _ = tasks_of(
        "log in again", "in the log", "blogging", "login", "out"
    )
    assert ids(find(ada, "log in")) == [phrase.id, words.id, newer.id, older.id]
    assert ids(find(ada, "log in", limit=2)) == [phrase.id, words.id]
    assert ids(find(ada, "LOG")) == [words.id, phrase.id, newer.id, older.id]


@pytest.mark.parametrize(
    ("q", "finds", "does_not"),
    [
        ("100%", "cover 100% of it", "cover 100 of it"),
        ("a_b", "rename a_b", "rename axb"),
        ("a.b", "rename a.b", "rename axb"),
        ("c++", "port to c++", "port to ccc"),
        ("\\", "a \\ b", "a / b"),
        ("[x](", "see [x](y)", "see x"),
        ("' OR 1=1 --", "say ' OR 1=1 --", "say nothing"),
        (":word0", "see :word0", "see word0"),
        ("größe", "Die GRÖSSE und GRÖßE", "Grosse"),
        ("ПРИВЕТ", "скажи привет", "скажи"),
        ("修复", "请修复登录", "请登录"),
        ("é", "café", "cafe"),
        ("x", "x", "y"),
        ("**=(?i)", "odd **=(?i) text", "odd text"),
        ("a\u0301", "a\u0301 b", "a b"),
        ("{x}", "format {x}", "format x"),
        ("%s", "print %s", "print s"),
    ],
)
def test_what_is_typed_is_taken_literally_in_any_letter_case(
    find: Callable[..., dict],
    ada: Developer,
    tasks_of: Callable[..., list[Task]],
    q: str,
    finds: str,
    does_not: str,
) -> None:
    wanted, _ = tasks_of(finds, does_not)
    assert ids(find(ada, q)) == [wanted.id]


def test_a_number_finds_the_task_of_that_id_first(
    find: Callable[..., dict], ada: Developer, tasks_of: Callable[..., list[Task]]
) -> None:
    task, _ = tasks_of("one", "two")
    (mention,) = tasks_of(f"goes on from #{task.id}")
    assert ids(find(ada, f"#{task.id}")) == [task.id, mention.id]
    assert ids(find(ada, f"{task.id}"))[0] == task.id
    assert ids(find(ada, f"#{task.id}", limit=1)) == [task.id]
    assert ids(find(make_developer(), f"#{task.id}")) == []
    for unheard_of in ("#0", "#999999999999999999999", "#", "#-1", "#٤٢"):
        assert ids(find(ada, unheard_of)) in ([], [mention.id])


@pytest.mark.parametrize("role", list(SystemRole))
def test_everybody_finds_what_they_may_see(find: Callable[..., dict], role: SystemRole) -> None:
    who = make_developer(role=role)
    mine, other = make_project(name="walrus a", members=[who]), make_project(name="walrus b")
    gone = make_project(name="walrus c", members=[who], deleted_at=now())
    made = [make_task(project=p, description="a walrus") for p in (mine, other, gone)]
    sees = {"developer": 1, "lead": 2, "admin": 3}[role]
    answer = find(who, "walrus")
    assert sorted(ids(answer)) == [task.id for task in made[:sees]]
    visible = [p.key for p in (mine, other)[: min(sees, 2)]]
    assert {p["key"] for p in answer["projects"]} == set(visible)


def test_an_outsider_finds_machines_only(
    find: Callable[..., dict], tasks_of: Callable[..., list[Task]]
) -> None:
    tasks_of("on the builder")
    make_machine(name="builder")
    answer = find(make_developer(), "builder")
    assert (answer["tasks"], len(answer["machines"]), answer["projects"]) == ([], 1, [])


def test_names_are_found_exact_then_by_their_beginning_then_by_a_part_then_by_likeness(
    app: object, find: Callable[..., dict], ada: Developer
) -> None:
    for name in ("rebuilder", "builders", "Builder", "biulder", "unlike"):
        make_machine(name=name)
    found = find(ada, "builder")["machines"]
    assert [m["name"] for m in found] == ["Builder", "builders", "rebuilder", "biulder"]
    assert find(ada, "bilder")["machines"][0]["name"] == "Builder"
    assert find(ada, "%")["machines"] == []


def test_a_machine_is_found_by_its_id_and_a_project_by_its_key(
    app: object, find: Callable[..., dict], ada: Developer
) -> None:
    machine = make_machine()
    assert [m["name"] for m in find(ada, str(machine.id).upper())["machines"]] == [machine.name]
    make_project(key="Shopping", members=[ada])
    make_project(key="Shop", name="zzz", members=[ada])
    assert [p["key"] for p in find(ada, "SHOP")["projects"]] == ["Shop", "Shopping"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": ""},
        {"q": " \t"},
        {"q": "x" * 201},
        {"q": "x", "limit": 0},
        {"q": "x", "limit": 201},
    ],
    ids=str,
)
def test_a_bad_query_is_refused(
    client: FlaskClient, login: Login, query: dict[str, object]
) -> None:
    answer = client.get(PATH, query_string=query, headers=login(make_developer()))
    assert answer.status_code == 422
    assert list(answer.json["errors"]) in (["q"], ["limit"])


def test_non_members_find_nothing(client: FlaskClient) -> None:
    assert client.get(PATH, query_string={"q": "x"}).status_code == 401
