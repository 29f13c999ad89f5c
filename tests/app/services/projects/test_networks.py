"""A project's hosts are allowed one by one: once each, by maintainers, and at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from app.domain import field_errors, network
from app.domain.errors import Forbidden, InvalidFields, NetworkOpen, NotFound
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditEntry, Developer, Project
from app.services.projects import networks
from tests.factories import make_developer, make_project


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(name="ada")


def limited(maintainer: Developer, *hosts: str) -> Project:
    return make_project(maintainers=[maintainer], network=list(hosts))


def audited() -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_a_host_is_added_behind_the_others_and_told_in_the_audit_log(ada: Developer) -> None:
    project = limited(ada, "a.example")
    assert networks.allow_host(ada, project.key.lower(), "B.example:22").network == [
        "a.example",
        "b.example:22",
    ]
    (entry,) = audited()
    assert (entry.action, entry.target_id, entry.actor_name) == (
        "project.updated",
        project.key,
        "ada",
    )
    assert entry.changes == {
        "before": {"network": {"allow": ["a.example"]}},
        "after": {"network": {"allow": ["a.example", "b.example:22"]}},
    }


def test_the_first_host_opens_a_network_that_was_none(ada: Developer) -> None:
    assert networks.allow_host(ada, limited(ada).key, "@agent").network == ["@agent"]


def test_a_host_that_is_allowed_already_changes_and_tells_nothing(ada: Developer) -> None:
    project = limited(ada, "a.example", "[::1]")
    for host in ("A.EXAMPLE", "a.example", "::1"):
        assert networks.allow_host(ada, project.key, host).network == ["a.example", "[::1]"]
    assert audited() == []


def test_an_open_network_has_nothing_to_allow(ada: Developer) -> None:
    with pytest.raises(NetworkOpen):
        networks.allow_host(ada, make_project(maintainers=[ada]).key, "a.example")


def test_what_is_no_host_is_refused(ada: Developer) -> None:
    with pytest.raises(InvalidFields) as refused:
        networks.allow_host(ada, limited(ada).key, "https://a.example")
    assert refused.value.errors == {"host": [field_errors.NO_HOST]}


def test_a_list_that_is_full_takes_what_it_has_and_nothing_else(ada: Developer) -> None:
    project = limited(ada, *(f"h{n}.example" for n in range(network.MAX_HOSTS)))
    networks.allow_host(ada, project.key, "h7.example")
    with pytest.raises(InvalidFields) as refused:
        networks.allow_host(ada, project.key, "one.more.example")
    assert refused.value.errors == {"host": ["the project already allows 100 hosts"]}


def test_members_leads_and_non_members_allow_nothing(ada: Developer) -> None:
    member, lead, stranger = (
        make_developer(),
        make_developer(role=SystemRole.LEAD),
        make_developer(),
    )
    project = make_project(members=[member], network=[])
    for who, refusal in ((member, Forbidden), (lead, Forbidden), (stranger, NotFound)):
        with pytest.raises(refusal):
            networks.allow_host(who, project.key, "a.example")
    assert networks.allow_host(
        make_developer(role=SystemRole.ADMIN), project.key, "a.example"
    ).network


def test_of_hosts_that_are_allowed_at_the_same_time_none_is_lost(committed_app: Flask) -> None:
    ada = make_developer()
    project, hosts = limited(ada), [f"h{n}.example" for n in range(4)]
    key, me, start = project.key, ada.id, Barrier(4)

    def allow(host: str) -> None:
        with committed_app.app_context():
            who = db.session.get_one(Developer, me)
            start.wait(10)
            networks.allow_host(who, key, host)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(allow, hosts))
    db.session.expire_all()
    assert set(db.session.get_one(Project, project.id).network or ()) == set(hosts)
