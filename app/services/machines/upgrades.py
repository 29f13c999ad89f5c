"""What this server offers its machines: its bundled release, in its own version."""

from typing import Any, NamedTuple

from flask import current_app

from app.domain import upgrade
from app.domain.upgrade import UpgradeOffer, UpgradeState, UpgradeStatus, UpgradeTiming
from app.models import Machine
from app.services import audit, settings
from app.worker_install import packages
from app.worker_install.packages import PackagesNotFound
from muster import __version__
from muster.protocol import frames

SETTING = "machineUpgrades"


class _Offer(NamedTuple):
    offering: UpgradeOffer
    release: frames.Release | None


def current_offer() -> _Offer:
    """Return the current offer."""
    release = _release()
    return _Offer(
        UpgradeOffer(__version__, UpgradeTiming(settings.value(SETTING)), release is not None),
        release,
    )


def build_frame(version: str, facts: dict[str, Any] | None, *, is_pinned: bool) -> frames.Upgrade:
    """Return the frame for a machine of that version, by its own report."""
    offering, release = current_offer()
    if not upgrade.is_offered(version, facts, is_pinned=is_pinned, offering=offering):
        return frames.Upgrade()
    return frames.Upgrade(release, "now" if offering.when is UpgradeTiming.NOW else "idle")


def get_status(machine: Machine) -> UpgradeStatus:
    """Return the machine's upgrade status."""
    if machine.version == __version__:
        return UpgradeStatus(UpgradeState.CURRENT)
    return upgrade.upgrade_status(
        machine.version,
        machine.upgrade,
        is_pinned=machine.is_pinned,
        offering=current_offer().offering,
    )


def to_row(facts: frames.UpgradeFacts | None) -> dict[str, Any] | None:
    """Return a machine's report in its stored form."""
    if facts is None:
        return None
    return {"state": facts.state, "version": facts.version, "reason": facts.reason}


def handle_hello(machine: Machine, version: str, facts: frames.UpgradeFacts | None) -> None:
    """Record a hello's release.

    If the machine now runs this server's release and ran another before, it's audited. A release on
    trial doesn't count yet.
    """
    record_state(machine, to_row(facts))
    if upgrade.is_canary(version, machine.upgrade):
        return
    before, machine.version = machine.version, version
    if before != version == __version__ and machine.connected_at is not None:
        _audit_once(machine, "machine.upgraded", {"version": before}, {"version": version})


def record_state(machine: Machine, facts: dict[str, Any] | None) -> None:
    """Record the machine's report. A rollback of this server's release is audited."""
    machine.upgrade = facts
    if facts is not None and facts["state"] == "failed" and facts["version"] == __version__:
        after = {"version": facts["version"], "reason": facts["reason"]}
        _audit_once(machine, "machine.upgrade_failed", None, after)


def _audit_once(
    machine: Machine, action: str, before: dict[str, Any] | None, after: dict[str, Any]
) -> None:
    """Record once per version of ours, however often the machine reports it."""
    if machine.audited_upgrades.get(action) != __version__:
        machine.audited_upgrades = {**machine.audited_upgrades, action: __version__}
        about = ("machine", machine.id)
        audit.record(action, *about, actor=None, machine=machine, before=before, after=after)


def _release() -> frames.Release | None:
    """Return this server's bundled release, if it's of its own version."""
    try:
        found = packages.find_packages(current_app.config["INSTALL"])
    except (PackagesNotFound, OSError):
        return None
    # The wheel's name has its version, followed by our label.
    if found.wheel.name.split("-")[1].partition("+")[0] != __version__:
        return None
    return frames.Release(
        __version__, found.wheel.name, found.wheel_sha256, found.requirements_sha256
    )
