"""The release offered to a machine: sent at first, and when it changes."""

from app.services import settings
from app.services.machines import upgrades
from muster.protocol import frames


class UpgradeOffers:
    """One connection's offers, by its hello. `policy` is the setting's value at the last check."""

    def __init__(self, hello: frames.Hello) -> None:
        self._version, self._reported = hello.version, upgrades.to_row(hello.upgrade)
        # The worker may have an offer of an earlier connection: always send the first one, even if
        # there is none.
        self._sent: frames.Upgrade | None = None
        self.policy = ""

    def pop_due(self, *, is_pinned: bool) -> list[frames.Upgrade]:
        """Return what to send now, and count it as sent."""
        self.policy = settings.value(upgrades.SETTING)
        offer = upgrades.build_frame(self._version, self._reported, is_pinned=is_pinned)
        before, self._sent = self._sent, offer
        return [offer] if offer != before else []
