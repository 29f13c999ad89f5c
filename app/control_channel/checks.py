"""Checks that are offered to a machine, until its connection takes their orders."""

import uuid
from collections import deque

import structlog
from flask import Flask
from redis.exceptions import RedisError

from app.services.encryption import KeyMissing
from app.services.projects import check_store
from muster.protocol import frames

log = structlog.get_logger(__name__)


class CheckOffers:
    """One connection's offers. Machines of earlier releases, which know no checks, take none."""

    def __init__(self, app: Flask, machine_id: uuid.UUID, name: str, hello: frames.Hello) -> None:
        self._app, self._machine_id, self._name = app, machine_id, name
        self._can_check = hello.checks_repositories
        self._offered: deque[str] = deque()

    def add(self, check_id: str) -> None:
        """Offer a check. Doesn't block."""
        if self._can_check:
            self._offered.append(check_id)

    def pop_orders(self) -> list[frames.CheckRepository]:
        """Return the orders that no other machine has."""
        orders = []
        while self._offered:
            with self._app.app_context():
                if (order := self._claim_order(self._offered.popleft())) is not None:
                    orders.append(order)
        return orders

    def _claim_order(self, check_id: str) -> frames.CheckRepository | None:
        try:
            return check_store.take_order(check_id, self._machine_id, self._name)
        except (KeyMissing, RedisError) as error:  # the check stays untried
            log.warning("check_not_ordered", error=type(error).__name__)
            return None

    def record_answer(self, answer: frames.RepositoryChecked) -> None:
        """Store the machine's answer."""
        try:
            with self._app.app_context():
                check_store.record_answer(self._machine_id, answer)
        except RedisError as error:
            log.warning("check_not_recorded", error=type(error).__name__)
