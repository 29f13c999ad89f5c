"""A check's way: offered to machines that could run the tasks, taken by one, answered, read."""

import uuid
from typing import Any

import pytest
from flask import Flask

from app.domain import project_check
from app.domain.errors import Forbidden, InvalidFields, NotFound, TooManyRequests
from app.domain.project_check import CheckState
from app.domain.roles import SystemRole
from app.extensions import redis
from app.models import Developer, Machine, Project
from app.services import encryption
from app.services.projects import check_store, repository_checks
from app.services.projects.repository_checks import CheckResult
from muster.protocol import frames
from tests.factories import make_developer, make_machine, make_project

URL = "https://github.com/acme/shop.git"
CLAUDE = [{"agentType": "claude"}]


@pytest.fixture
def maintainer(app: Flask) -> Developer:
    return make_developer()


@pytest.fixture
def project(maintainer: Developer) -> Project:
    token = encryption.encrypt("ghp_stored")
    return make_project(maintainers=[maintainer], repo_url=URL, git_token=token)


@pytest.fixture
def machine(app: Flask) -> Machine:
    return make_machine(name="heron", capabilities=CLAUDE)


def start(actor: Developer, project: Project, **fields: Any) -> CheckResult:
    return repository_checks.start(actor, project.key, fields)


def read(actor: Developer, project: Project, check_id: str) -> CheckResult:
    return repository_checks.find(actor, project.key, check_id)


def claim_order(check: CheckResult, machine: Machine) -> frames.CheckRepository | None:
    return check_store.take_order(check.id, machine.id, machine.name)


def codes(check: CheckResult) -> list[str]:
    return [step.code for step in check.steps]


def test_a_check_is_answered_by_the_machine_that_took_it(
    maintainer: Developer, project: Project, machine: Machine
) -> None:
    check = start(maintainer, project)
    assert (check.state, check.machine) == (CheckState.RUNNING, None)
    order = claim_order(check, machine)
    assert order is not None
    assert (order.repo.url, order.repo.base, order.repo.token) == (URL, "main", "ghp_stored")
    assert claim_order(check, machine) is None
    answer = frames.RepositoryChecked(check.id, "reached", True, "main", ["main"])
    check_store.record_answer(uuid.uuid4(), answer)
    assert read(maintainer, project, check.id).state is CheckState.RUNNING
    check_store.record_answer(machine.id, answer)
    done = read(maintainer, project, check.id)
    assert (done.state, done.machine) == (CheckState.PASSED, "heron")
    assert codes(done)[:3] == ["repository_reached", "login_accepted", "branch_found"]


def test_no_login_is_stored_in_clear_text_or_beyond_its_order(
    maintainer: Developer, project: Project, machine: Machine
) -> None:
    check = start(maintainer, project, git_token="ghp_typed-now")
    keys = list(redis.client.scan_iter(f"*{check.id}*"))
    assert len(keys) == 2
    assert all(0 < redis.client.ttl(key) <= check_store.LIFETIME_SECONDS for key in keys)
    order_key = next(key for key in keys if key.endswith(b":order"))
    assert b"ghp_" not in redis.client.get(order_key)
    assert redis.client.ttl(order_key) <= project_check.TIMEOUT_SECONDS
    order = claim_order(check, machine)
    assert order is not None
    assert order.repo.token == "ghp_typed-now"
    assert not redis.client.exists(order_key)
    assert b"ghp_" not in b"".join(redis.client.hgetall(keys[0]).values())


def test_only_a_machine_that_could_run_the_tasks_gets_the_order(
    maintainer: Developer, project: Project, machine: Machine
) -> None:
    project.machine_selector = "gpu"
    make_machine(labels={"gpu": "true"}, connected=False, status="offline")
    untried = start(maintainer, project)
    assert (untried.state, codes(untried)[0]) == (CheckState.UNTRIED, "no_machine")
    assert claim_order(untried, machine) is None
    able = make_machine(labels={"gpu": "true"})
    check = start(maintainer, project)
    assert claim_order(check, machine) is None
    assert claim_order(check, able) is not None


def test_a_protected_projects_login_goes_only_to_its_machines(
    maintainer: Developer, project: Project, machine: Machine
) -> None:
    named = make_machine()
    project.protected, project.protected_machines = True, [str(named.id)]
    check = start(maintainer, project)
    assert claim_order(check, machine) is None
    assert claim_order(check, named) is not None


def test_without_an_answer_in_time_a_check_is_untried(
    maintainer: Developer, project: Project, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = start(maintainer, project)
    monkeypatch.setattr(project_check, "TIMEOUT_SECONDS", -1)
    late = read(maintainer, project, check.id)
    assert (late.state, codes(late)[0]) == (CheckState.UNTRIED, "no_answer")


def test_a_stored_token_goes_to_no_other_host_and_only_admins_set_a_folder(
    maintainer: Developer, project: Project
) -> None:
    with pytest.raises(InvalidFields) as refused:
        start(maintainer, project, repo_url="https://evil.example/x.git")
    assert set(refused.value.errors) == {"gitToken"}
    with pytest.raises(Forbidden):
        start(maintainer, project, repo_url="file:///srv/x.git", git_token=None)
    assert start(maintainer, project, repo_url="https://evil.example/x.git", git_token=None)


def test_members_and_maintainers_of_other_projects_read_no_check(
    maintainer: Developer, project: Project
) -> None:
    check = start(maintainer, project)
    other = make_project(maintainers=[maintainer])
    with pytest.raises(NotFound):
        read(maintainer, other, check.id)
    with pytest.raises(NotFound):
        read(make_developer(), project, check.id)


def test_a_new_project_is_checked_by_admins_only(app: Flask, machine: Machine) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    fields = {"repo_url": URL, "agent_type": "clod"}
    check = repository_checks.start(admin, None, fields)
    order = claim_order(check, machine)
    assert order is not None
    assert order.repo.token is None
    assert codes(check) == ["agent_unknown"]
    assert check.steps[0].params["nearest"] == "claude"
    with pytest.raises(InvalidFields):
        repository_checks.start(admin, None, {})
    with pytest.raises(Forbidden):
        repository_checks.start(make_developer(), None, fields)


def test_an_agent_whose_program_is_missing_is_not_there(
    maintainer: Developer, project: Project
) -> None:
    missing = {"agentType": "claude", "healthy": False, "reason": "binary_missing"}
    make_machine(capabilities=[missing])
    assert "agent_missing" in codes(start(maintainer, project))


def test_checks_are_limited(
    maintainer: Developer, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository_checks, "MAX_CHECKS_PER_MINUTE", 1)
    start(maintainer, project)
    with pytest.raises(TooManyRequests):
        start(maintainer, project)
