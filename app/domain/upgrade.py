"""Whether a machine is to take this server's release, and what people are told of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class UpgradeTiming(StrEnum):
    """The setting `machineUpgrades`."""

    OFF = "off"
    IDLE = "idle"
    NOW = "now"


class UpgradeState(StrEnum):
    """What keeps a machine from the server's version, or that nothing does."""

    CURRENT = "current"  # it runs the server's version
    OFF = "off"
    PINNED = "pinned"
    OPTED_OUT = "opted_out"
    UNSUPPORTED = "unsupported"
    NO_PACKAGE = "no_package"  # this server has no package of its version to offer
    OFFERED = "offered"  # the machine has not answered yet
    PREPARING = "preparing"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class UpgradeStatus:
    """`version` is what the machine is offered; None: nothing. `reason` says what to do."""

    state: UpgradeState
    version: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class UpgradeOffer:
    """What a server offers all its machines: its own `version`, `when`, and whether it carries the
    package of that version, and no other."""

    version: str
    when: UpgradeTiming
    is_bundled: bool


_NOTHING = (
    "this server has no package of its version for machines; in a checkout `make dist` makes one"
)
_TOO_OLD = (
    "its release takes no upgrade by itself: run there, once more, the line that makes machines "
    "(muster machine add)"
)
_UNANSWERED = "the machine has not answered yet; it does when it is connected"
_REASONS = {
    UpgradeState.OFF: "the setting machineUpgrades is off; an admin sets it to idle or now",
    UpgradeState.PINNED: "an admin has pinned it to its version: muster machine unpin lets it go",
    UpgradeState.OPTED_OUT: "its operator has started it with --no-auto-upgrade, and upgrades it "
    "by hand",
    UpgradeState.UNSUPPORTED: "its worker runs from a checkout: pull there, and start it again",
    UpgradeState.NO_PACKAGE: _NOTHING,
}
_PREPARING = "it installs the release beside the one it runs"
_WAITING = "until nothing runs there"


def upgrade_status(
    version: str, facts: Mapping[str, Any] | None, *, is_pinned: bool, offering: UpgradeOffer
) -> UpgradeStatus:
    """How a machine of that `version` stands to what is offered. `facts` is its own word {state,
    version, reason}, None where its release knows no upgrades."""
    if version == offering.version:
        return UpgradeStatus(UpgradeState.CURRENT)
    if (hindrance := _find_blocker(facts, is_pinned, offering)) is not None:
        return UpgradeStatus(hindrance, None, _blocker_text(hindrance, facts))
    assert facts is not None
    if facts["state"] == "current" or facts["version"] != offering.version:
        return UpgradeStatus(UpgradeState.OFFERED, offering.version, _UNANSWERED)
    state = UpgradeState(facts["state"])
    return UpgradeStatus(state, offering.version, _reason_text(state, facts["reason"], version))


def _blocker_text(state: UpgradeState, facts: Mapping[str, Any] | None) -> str:
    if facts is None:
        return _TOO_OLD
    # One that keeps its release knows best what for.
    return (state is UpgradeState.OPTED_OUT and facts["reason"]) or _REASONS[state]


def _reason_text(state: UpgradeState, why: str, version: str) -> str:
    """The machine's own, and what to do."""
    if state is UpgradeState.FAILED:
        return f"{why}. It stays with {version}; its log says more."
    if state is UpgradeState.WAITING:
        return f"{why or _WAITING}; a drain gets it there sooner"
    return why or _PREPARING


def is_canary(version: str, facts: Mapping[str, Any] | None) -> bool:
    """Whether who says that is a release of that version which is tried, and may be given back."""
    return facts is not None and (facts["state"], facts["version"]) == ("preparing", version)


def is_offered(
    version: str, facts: Mapping[str, Any] | None, *, is_pinned: bool, offering: UpgradeOffer
) -> bool:
    """Whether it is told to take the server's release."""
    return (
        upgrade_status(version, facts, is_pinned=is_pinned, offering=offering).version is not None
    )


def _find_blocker(
    facts: Mapping[str, Any] | None, is_pinned: bool, offering: UpgradeOffer
) -> UpgradeState | None:
    if facts is None or facts["state"] == "unable":
        return UpgradeState.UNSUPPORTED
    if facts["state"] == "kept":
        return UpgradeState.OPTED_OUT
    if is_pinned:
        return UpgradeState.PINNED
    if offering.when is UpgradeTiming.OFF:
        return UpgradeState.OFF
    return None if offering.is_bundled else UpgradeState.NO_PACKAGE
