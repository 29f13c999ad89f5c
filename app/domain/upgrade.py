"""Whether a machine is to take this server's release, and what people are told of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class When(StrEnum):
    """The setting `machineUpgrades`."""

    OFF = "off"
    IDLE = "idle"
    NOW = "now"


class UpgradeState(StrEnum):
    """What keeps a machine from the server's version, or that nothing does."""

    CURRENT = "current"  # it runs the server's version
    OFF = "off"
    PINNED = "pinned"
    KEPT = "kept"
    UNABLE = "unable"
    NOTHING = "nothing"  # this server has no package of its version to offer
    OFFERED = "offered"  # the machine has not answered yet
    PREPARING = "preparing"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class UpgradeStanding:
    """`version` is what the machine is offered; None: nothing. `reason` says what to do."""

    state: UpgradeState
    version: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Offering:
    """What a server offers all its machines: its own `version`, `when`, and whether it carries the
    package of that version, and no other."""

    version: str
    when: When
    is_carried: bool


_NOTHING = (
    "this server has no package of its version for machines; in a checkout `make dist` makes one"
)
_OF_BEFORE = (
    "its release takes no upgrade by itself: run there, once more, the line that makes machines "
    "(muster machine add)"
)
_UNANSWERED = "the machine has not answered yet; it does when it is connected"
_REASONS = {
    UpgradeState.OFF: "the setting machineUpgrades is off; an admin sets it to idle or now",
    UpgradeState.PINNED: "an admin has pinned it to its version: muster machine unpin lets it go",
    UpgradeState.KEPT: "its operator has started it with --keep-release, and upgrades it by hand",
    UpgradeState.UNABLE: "its worker runs from a checkout: pull there, and start it again",
    UpgradeState.NOTHING: _NOTHING,
}
_PREPARING = "it installs the release beside the one it runs"
_WAITING = "until nothing runs there"


def standing(
    version: str, said: Mapping[str, Any] | None, *, is_pinned: bool, offering: Offering
) -> UpgradeStanding:
    """How a machine of that `version` stands to what is offered. `said` is its own word {state,
    version, why}, None where its release knows no upgrades."""
    if version == offering.version:
        return UpgradeStanding(UpgradeState.CURRENT)
    if (hindrance := _hindrance(said, is_pinned, offering)) is not None:
        return UpgradeStanding(hindrance, None, _hindered(hindrance, said))
    assert said is not None
    if said["state"] == "current" or said["version"] != offering.version:
        return UpgradeStanding(UpgradeState.OFFERED, offering.version, _UNANSWERED)
    state = UpgradeState(said["state"])
    return UpgradeStanding(state, offering.version, _words(state, said["why"], version))


def _hindered(state: UpgradeState, said: Mapping[str, Any] | None) -> str:
    if said is None:
        return _OF_BEFORE
    # One that keeps its release knows best what for.
    return (state is UpgradeState.KEPT and said["why"]) or _REASONS[state]


def _words(state: UpgradeState, why: str, version: str) -> str:
    """The machine's own, and what to do."""
    if state is UpgradeState.FAILED:
        return f"{why}. It stays with {version}; its log says more."
    if state is UpgradeState.WAITING:
        return f"{why or _WAITING}; a drain gets it there sooner"
    return why or _PREPARING


def is_trial(version: str, said: Mapping[str, Any] | None) -> bool:
    """Whether who says that is a release of that version which is tried, and may be given back."""
    return said is not None and (said["state"], said["version"]) == ("preparing", version)


def is_offered(
    version: str, said: Mapping[str, Any] | None, *, is_pinned: bool, offering: Offering
) -> bool:
    """Whether it is told to take the server's release."""
    return standing(version, said, is_pinned=is_pinned, offering=offering).version is not None


def _hindrance(
    said: Mapping[str, Any] | None, is_pinned: bool, offering: Offering
) -> UpgradeState | None:
    if said is None or said["state"] == "unable":
        return UpgradeState.UNABLE
    if said["state"] == "kept":
        return UpgradeState.KEPT
    if is_pinned:
        return UpgradeState.PINNED
    if offering.when is When.OFF:
        return UpgradeState.OFF
    return None if offering.is_carried else UpgradeState.NOTHING
