from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.control_channel.upgrades import UpgradeOffers
from app.extensions import db
from app.models import AuditEntry, Developer
from app.services import settings
from app.services.clock import now
from app.services.machines import machine_admin, orders, queries, sessions, upgrades
from muster import __version__
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine
from tests.bundled_wheel import REQUIREMENTS

WHEEL = f"muster_client-{__version__}+muster-py3-none-any.whl"
CURRENT = frames.UpgradeFacts("current")


@pytest.fixture(autouse=True)
def bundled(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """A server that carries a package of its own version."""
    (tmp_path / WHEEL).write_bytes(b"a wheel")
    (tmp_path / REQUIREMENTS).write_text("")
    before, app.config["INSTALL"] = app.config["INSTALL"], (tmp_path,)
    yield tmp_path
    app.config["INSTALL"] = before


@pytest.fixture
def older(machine: FakeMachine) -> FakeMachine:
    machine.hello(version="0.0.1", upgrade=CURRENT)
    return machine


def set_to(admin: Developer, when: str) -> None:
    settings.update(admin, {"machineUpgrades": when})


def offers(version: str = "0.0.1", facts: frames.UpgradeFacts | None = CURRENT) -> UpgradeOffers:
    return UpgradeOffers(frames.Hello(3, "jwt", "m", "j", version, upgrade=facts))


def audited_changes(action: str) -> list[Any]:
    query = db.select(AuditEntry.changes).where(AuditEntry.action == action)
    return list(db.session.scalars(query.order_by(AuditEntry.id)))


def test_a_machine_of_another_version_is_offered_ours_once(app: Flask) -> None:
    its = offers()
    [offer] = its.pop_due(is_pinned=False)
    assert offer.release is not None
    assert (offer.release.version, offer.release.wheel) == (__version__, WHEEL)
    assert offer.when == "idle"
    assert its.pop_due(is_pinned=False) == []
    assert its.pop_due(is_pinned=True) == [frames.Upgrade()], "it is withdrawn"
    assert its.pop_due(is_pinned=True) == []


def test_who_is_not_to_have_it_is_told_so_once_on_each_connection(
    app: Flask, admin: Developer
) -> None:
    its = offers(__version__)
    assert its.pop_due(is_pinned=False) == [frames.Upgrade()], "what it was offered before is void"
    assert its.pop_due(is_pinned=False) == []
    assert offers(facts=frames.UpgradeFacts("kept")).pop_due(is_pinned=False) == [frames.Upgrade()]
    assert offers().pop_due(is_pinned=True) == [frames.Upgrade()]
    set_to(admin, "off")
    assert offers().pop_due(is_pinned=False) == [frames.Upgrade()]


def test_the_setting_says_when(app: Flask, admin: Developer) -> None:
    set_to(admin, "now")
    its = offers()
    assert [each.when for each in its.pop_due(is_pinned=False)] == ["now"]
    set_to(admin, "idle")
    assert [each.when for each in its.pop_due(is_pinned=False)] == ["idle"]
    assert its.policy == "idle"


def test_a_package_of_another_version_is_offered_to_nobody(bundled: Path, app: Flask) -> None:
    (bundled / WHEEL).rename(bundled / "muster_client-0.0.9+muster-py3-none-any.whl")
    assert offers().pop_due(is_pinned=False) == [frames.Upgrade()]


def test_what_admins_pin_keeps_its_release(admin: Developer, older: FakeMachine) -> None:
    before = orders.orders_of_machine(older.machine_id, now())
    view = machine_admin.update_machine(admin, older.machine_id, pinned=True)
    after = orders.orders_of_machine(older.machine_id, now())
    assert (before.is_pinned, after.is_pinned) == (False, True)
    assert after.version > before.version, "its connection looks again"
    assert view.upgrade.state == "pinned"
    assert audited_changes("machine.updated") == [
        {"before": {"pinned": False}, "after": {"pinned": True}}
    ]


def test_what_a_machine_says_of_it_is_shown(older: FakeMachine) -> None:
    assert queries.get(older.machine_id).upgrade.state == "offered"
    heard = frames.Heartbeat(1, upgrade=frames.UpgradeFacts("waiting", __version__, "for a tunnel"))
    sessions.store_facts(older.machine_id, older.generation, **sessions.changed_facts(heard))
    found = queries.get(older.machine_id).upgrade
    assert (found.state, found.version) == ("waiting", __version__)
    assert found.reason.startswith("for a tunnel; ")


def test_that_it_went_over_is_told_once(older: FakeMachine) -> None:
    for version in (__version__, "0.0.1", __version__):
        older.hello(version=version, upgrade=CURRENT)
    assert audited_changes("machine.upgraded") == [
        {"before": {"version": "0.0.1"}, "after": {"version": __version__}}
    ]
    assert queries.get(older.machine_id).upgrade.state == "current"


def test_what_is_only_tried_is_not_told_as_taken(older: FakeMachine) -> None:
    tried = frames.UpgradeFacts("preparing", __version__, "it is tried")
    older.hello(version=__version__, upgrade=tried)
    details = queries.get(older.machine_id)
    assert (details.machine.version, details.upgrade.state) == ("0.0.1", "preparing")
    older.hello(version="0.0.1", upgrade=frames.UpgradeFacts("failed", __version__, "it ended"))
    assert audited_changes("machine.upgraded") == []
    for facts in (tried, CURRENT):
        older.hello(version=__version__, upgrade=facts)
    assert audited_changes("machine.upgraded") == [
        {"before": {"version": "0.0.1"}, "after": {"version": __version__}}
    ]


def test_that_it_went_back_is_told_once(older: FakeMachine) -> None:
    failed = frames.UpgradeFacts("failed", __version__, "it ended")
    older.hello(version="0.0.1", upgrade=failed)
    heard = sessions.changed_facts(frames.Heartbeat(1, upgrade=failed))
    sessions.store_facts(older.machine_id, older.generation, **heard)
    other = frames.UpgradeFacts("failed", "9", "of another version than ours")
    sessions.store_facts(older.machine_id, older.generation, upgrade=upgrades.to_row(other))
    assert audited_changes("machine.upgrade_failed") == [
        {"before": None, "after": {"version": __version__, "reason": "it ended"}}
    ]


def test_a_connection_of_before_changes_nothing(older: FakeMachine) -> None:
    former = older.generation
    older.hello(version="0.0.1", upgrade=CURRENT)
    failed = frames.UpgradeFacts("failed", __version__, "it ended")
    sessions.store_facts(older.machine_id, former, upgrade=upgrades.to_row(failed))
    assert audited_changes("machine.upgrade_failed") == []
    assert older.row.upgrade == upgrades.to_row(CURRENT)
