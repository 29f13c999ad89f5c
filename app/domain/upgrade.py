"""Whether a machine upgrades to this server's release, and the text shown to people."""

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
    """What keeps a machine from the server's version, if anything."""

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
    """What a server offers all its machines: its `version`, when to upgrade, and whether it
    bundles exactly that version's package.
    """

    version: str
    when: UpgradeTiming
    is_bundled: bool


_NOTHING = "this server has no worker package for its version; in a checkout, run `make dist`"
_UNANSWERED = "the machine hasn't answered yet; it does once it's connected"
_REASONS = {
    UpgradeState.OFF: "the setting machineUpgrades is off; an admin can set it to idle or now",
    UpgradeState.PINNED: "an admin has pinned its version; to unpin it, run muster machine unpin",
    UpgradeState.OPTED_OUT: "its operator started it with --no-auto-upgrade and upgrades it by "
    "hand",
    UpgradeState.UNSUPPORTED: "its worker runs from a checkout: run git pull there and restart it",
    UpgradeState.NO_PACKAGE: _NOTHING,
}
_PREPARING = "installing the release beside the current one"
_WAITING = "waiting until nothing runs there"


def upgrade_status(
    version: str, facts: Mapping[str, Any] | None, *, is_pinned: bool, offering: UpgradeOffer
) -> UpgradeStatus:
    """Return a machine's upgrade state.

    `version` is the machine's, `facts` its own report {state, version, reason}; None before it has
    reported.
    """
    if version == offering.version:
        return UpgradeStatus(UpgradeState.CURRENT)
    if (hindrance := _find_blocker(facts, is_pinned, offering)) is not None:
        return UpgradeStatus(hindrance, None, _blocker_text(hindrance, facts))
    if facts is None or facts["state"] == "current" or facts["version"] != offering.version:
        return UpgradeStatus(UpgradeState.OFFERED, offering.version, _UNANSWERED)
    state = UpgradeState(facts["state"])
    return UpgradeStatus(state, offering.version, _reason_text(state, facts["reason"], version))


def _blocker_text(state: UpgradeState, facts: Mapping[str, Any] | None) -> str:
    # A machine that opted out knows the reason best.
    own = facts["reason"] if facts and state is UpgradeState.OPTED_OUT else ""
    return own or _REASONS[state]


def _reason_text(state: UpgradeState, why: str, version: str) -> str:
    """Return the machine's reason, and what to do."""
    if state is UpgradeState.FAILED:
        return f"{why}. It stays on {version}; see its log."
    if state is UpgradeState.WAITING:
        return f"{why or _WAITING}; drain it to upgrade sooner"
    return why or _PREPARING


def is_canary(version: str, facts: Mapping[str, Any] | None) -> bool:
    """Whether a machine with these facts runs that release on trial, and may still roll back."""
    return facts is not None and (facts["state"], facts["version"]) == ("preparing", version)


def is_offered(
    version: str, facts: Mapping[str, Any] | None, *, is_pinned: bool, offering: UpgradeOffer
) -> bool:
    """Whether the machine is offered the server's release."""
    return (
        upgrade_status(version, facts, is_pinned=is_pinned, offering=offering).version is not None
    )


def _find_blocker(
    facts: Mapping[str, Any] | None, is_pinned: bool, offering: UpgradeOffer
) -> UpgradeState | None:
    reported = facts and facts["state"]
    if reported == "unable":
        return UpgradeState.UNSUPPORTED
    if reported == "kept":
        return UpgradeState.OPTED_OUT
    if is_pinned:
        return UpgradeState.PINNED
    if offering.when is UpgradeTiming.OFF:
        return UpgradeState.OFF
    return None if offering.is_bundled else UpgradeState.NO_PACKAGE
