"""Developers, projects with their members, and machines."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from flask import current_app
from sqlalchemy import Connection, insert

from app.domain.machine import MachineStatus
from app.domain.roles import ProjectRole, SystemRole
from app.models import Developer, Machine, MachineHeartbeat, Project, ProjectMember
from app.services.accounts import passwords
from sample_data import rows, tables
from sample_data.rows import Row
from sample_data.sizes import Sizes

SLOTS = 4
_NAMES = ("ada", "grace", "linus", "ken", "barbara", "edsger", "margaret", "dennis", "radia")
_KEYS = ("ATLAS", "BEACON", "CINDER", "DELTA", "EMBER", "FJORD", "GRANITE", "HARBOR", "IRIS")
_MACHINES = ["forge", "anvil", "kiln", "lathe", "press"]


@dataclass(frozen=True)
class NamedRow:
    id: Any
    name: str


@dataclass(frozen=True)
class SampleProject:
    """A project, and the IDs of its members."""

    id: int
    key: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class Crowd:
    """The sample developers (an admin, a lead, then others), projects and machines.

    The third developer is only a member of the first project, which is the largest; the last
    developer only of the last project, which is small. All machines but the last (if there are
    several) are online.
    """

    developers: list[NamedRow]
    projects: list[SampleProject]
    machines: list[NamedRow]


def make(
    connection: Connection, sizes: Sizes, password: str, now: datetime, random: Random
) -> Crowd:
    """Create the rows of developers, projects and machines. All developers get that password."""
    born = now - timedelta(days=200)
    developers = _developers(connection, sizes.developers, password, born)
    projects = _projects(connection, sizes.projects, [each.id for each in developers], born)
    return Crowd(developers, projects, _machines(connection, sizes.machines, now, random))


def _developers(
    connection: Connection, count: int, password: str, born: datetime
) -> list[NamedRow]:
    first = tables.next_id(connection, "developers")
    ids = range(first, first + count)
    found = [NamedRow(id_, f"{_NAMES[id_ % len(_NAMES)]}{id_}") for id_ in ids]
    roles = [SystemRole.ADMIN, SystemRole.LEAD] + [SystemRole.DEVELOPER] * (count - 2)
    known = passwords.hash_password(password)
    made = [
        rows.developer(each.name, known, born) | {"id": each.id, "role": role}
        for each, role in zip(found, roles, strict=True)
    ]
    connection.execute(insert(Developer), made)
    return found


def _projects(
    connection: Connection, count: int, people: list[int], born: datetime
) -> list[SampleProject]:
    first = tables.next_id(connection, "projects")
    places = [
        SampleProject(id_, f"{_KEYS[id_ % len(_KEYS)]}-{id_}", _members(id_ - first, count, people))
        for id_ in range(first, first + count)
    ]
    made = [
        rows.project(place.key, born)
        | {"id": place.id, "name": place.key.replace("-", " ").title()}
        for place in places
    ]
    connection.execute(insert(Project), made)
    connection.execute(insert(ProjectMember), [row for each in places for row in _roles(each)])
    return places


def _members(index: int, count: int, people: list[int]) -> tuple[int, ...]:
    """Return the members of project number `index`: the lead is in all, the third developer in
    the first, the last developer in the last.
    """
    lead, middle, last = people[1], people[3:-1], people[-1]
    if index == count - 1:
        return lead, last
    own = (people[2],) if index == 0 else ()
    return lead, *own, *(each for at, each in enumerate(middle) if (at + index) % 4 == 0)


def _roles(place: SampleProject) -> list[Row]:
    roles = [ProjectRole.MAINTAINER] + [ProjectRole.MEMBER] * (len(place.members) - 1)
    return [
        rows.member(place.id, developer, role)
        for developer, role in zip(place.members, roles, strict=True)
    ]


def _machines(connection: Connection, count: int, now: datetime, random: Random) -> list[NamedRow]:
    found = [uuid.UUID(int=random.getrandbits(128), version=4) for _ in range(count)]
    machines = [
        NamedRow(id_, f"{_MACHINES[at % len(_MACHINES)]}-{at + 1:02}-{id_.hex[:4]}")
        for at, id_ in enumerate(found)
    ]
    away = machines[-1] if count > 1 else None
    connection.execute(insert(Machine), [_machine(each, each is away, now) for each in machines])
    lease = timedelta(seconds=current_app.config["LEASE_SECONDS"])
    beats = [
        rows.heartbeat(each.id, now - (timedelta(days=3) if each is away else timedelta()), lease)
        for each in machines
    ]
    connection.execute(insert(MachineHeartbeat), beats)
    return machines


def _machine(machine: NamedRow, is_away: bool, now: datetime) -> Row:
    return rows.machine(machine.name, now - timedelta(days=190)) | {
        "id": machine.id,
        "status": MachineStatus.OFFLINE if is_away else MachineStatus.ONLINE,
        "connected": not is_away,
        "generation": 1,
        "slots_total": SLOTS,
        "labels": {"zone": "eu" if machine.id.int % 2 else "us"},
    }
