"""What this server offers its machines: the release that it carries, in its own version."""

from typing import Any, NamedTuple

from flask import current_app

from app.domain import upgrade
from app.domain.upgrade import Offering, UpgradeStanding, UpgradeState, When
from app.models import Machine
from app.services import audit, settings
from app.worker_install import packages
from app.worker_install.packages import NothingCarried
from muster import __version__
from muster.protocol import frames

SETTING = "machineUpgrades"


class _Offer(NamedTuple):
    offering: Offering
    release: frames.Release | None


def current() -> _Offer:
    """What is offered now."""
    release = _release()
    return _Offer(
        Offering(__version__, When(settings.value(SETTING)), release is not None), release
    )


def frame(version: str, said: dict[str, Any] | None, *, is_pinned: bool) -> frames.Upgrade:
    """What a machine of that version is told, by what it has said."""
    offering, release = current()
    if not upgrade.is_offered(version, said, is_pinned=is_pinned, offering=offering):
        return frames.Upgrade()
    return frames.Upgrade(release, "now" if offering.when is When.NOW else "idle")


def standing(machine: Machine) -> UpgradeStanding:
    """How the machine stands to what is offered."""
    if machine.version == __version__:
        return UpgradeStanding(UpgradeState.CURRENT)
    return upgrade.standing(
        machine.version, machine.upgrade, is_pinned=machine.is_pinned, offering=current().offering
    )


def row(said: frames.UpgradeFacts | None) -> dict[str, Any] | None:
    """A machine's word in the form in which it is stored."""
    if said is None:
        return None
    return {"state": said.state, "version": said.version, "why": said.why}


def hear(machine: Machine, version: str, said: frames.UpgradeFacts | None) -> None:
    """Note what a hello says of its release. That the machine runs this server's is told, if it ran
    another before. What is tried is not what it runs yet."""
    note(machine, row(said))
    if upgrade.is_trial(version, machine.upgrade):
        return
    before, machine.version = machine.version, version
    if before != version == __version__ and machine.connected_at is not None:
        _tell(machine, "machine.upgraded", {"version": before}, {"version": version})


def note(machine: Machine, said: dict[str, Any] | None) -> None:
    """Note the machine's word. That it gave this server's release back is told."""
    machine.upgrade = said
    if said is not None and said["state"] == "failed" and said["version"] == __version__:
        after = {"version": said["version"], "reason": said["why"]}
        _tell(machine, "machine.upgrade_failed", None, after)


def _tell(
    machine: Machine, action: str, before: dict[str, Any] | None, after: dict[str, Any]
) -> None:
    """Once for each of our versions, whatever the machine says how often."""
    if machine.upgrades_told.get(action) != __version__:
        machine.upgrades_told = {**machine.upgrades_told, action: __version__}
        about = ("machine", machine.id)
        audit.record(action, *about, actor=None, machine=machine, before=before, after=after)


def _release() -> frames.Release | None:
    """What this server carries, if that is of its own version."""
    try:
        found = packages.find(current_app.config["INSTALL"])
    except (NothingCarried, OSError):
        return None
    # The wheel's version is in its name, with a label of ours behind it.
    if found.wheel.name.split("-")[1].partition("+")[0] != __version__:
        return None
    return frames.Release(
        __version__, found.wheel.name, found.wheel_sha256, found.requirements_sha256
    )
