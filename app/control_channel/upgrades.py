"""The release that a machine is offered: told at first, and when it becomes another."""

from app.services import settings
from app.services.machines import upgrades
from muster.protocol import frames


class UpgradeOffers:
    """One connection's, by its hello. `when` is the setting that was in force at the last look."""

    def __init__(self, hello: frames.Hello) -> None:
        self._version, self._reported = hello.version, upgrades.to_row(hello.upgrade)
        # The worker may hold an offer of an earlier connection: the first word is said, also if
        # it is that there is none.
        self._sent: frames.Upgrade | None = None
        self.policy = ""

    def pop_due(self, *, is_pinned: bool) -> list[frames.Upgrade]:
        """What is to be sent now, and counts as told. None to a release that knows no offers."""
        self.policy = settings.value(upgrades.SETTING)
        if self._reported is None:
            return []
        offer = upgrades.build_frame(self._version, self._reported, is_pinned=is_pinned)
        before, self._sent = self._sent, offer
        return [offer] if offer != before else []
