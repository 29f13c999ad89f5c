"""Alerts to an account's owner when a limit on failed logins is reached."""

from enum import StrEnum

from app import wakeups
from app.domain import addresses
from app.extensions import db, redis
from app.models import Developer, Notification
from app.services import clock

TYPE = "login_limited"
ALERT_INTERVAL_SECONDS = 86_400
"""At most one alert of each kind per interval: otherwise, an attacker could flood the owner."""


class LimitKind(StrEnum):
    """What a failure limit counts by."""

    ADDRESS = "address"
    NETWORK = "network"
    NAME = "name"
    DEVICE = "device"
    SESSION = "session"

    @property
    def is_reset_by_success(self) -> bool:
        """Whether a success resets the failures.

        Not those of an address: logins to your own account must not allow more guesses at others'
        accounts. Nor those of a name: each login of its owner would allow attackers more guesses.
        """
        return self not in (LimitKind.ADDRESS, LimitKind.NAME)


_BODIES = {
    LimitKind.NETWORK: (
        "{failures} sign-ins to your account failed within 15 minutes from one network "
        "({network}). That network must wait before it can try again."
    ),
    LimitKind.NAME: (
        "{failures} sign-ins to your account failed within 15 minutes, from several "
        "networks. For now, only browsers that have signed in to it before can sign in. If "
        "you have none, ask an operator of the server to run: muster-server unlock {name}"
    ),
    LimitKind.DEVICE: (
        "{failures} sign-ins to your account failed within 15 minutes from a device that has "
        "signed in to it before (from {network}). That device must wait before it can try "
        "again."
    ),
    LimitKind.SESSION: (
        "Someone entered {failures} wrong passwords or codes within 15 minutes in one of "
        "your sessions (from {network}). If it wasn't you, end the session under Profile."
    ),
}


def notify_owner(developer: Developer, kind: LimitKind, failures: int, address: str) -> None:
    """Notify the account's owner that a limit is reached, once per day and kind. The caller
    commits.
    """
    key = f"{TYPE}:{developer.id}:{kind}"
    if not redis.client.set(key, 1, nx=True, ex=ALERT_INTERVAL_SECONDS):
        return
    network = addresses.site_network(address) or "an unknown network"
    body = _BODIES[kind].format(failures=failures, network=network, name=developer.name)
    db.session.add(
        Notification(
            developer_id=developer.id,
            type=TYPE,
            title="Failed sign-ins to your account",
            body=body,
            created_at=clock.now(),
        )
    )
    wakeups.publish_notifications()
