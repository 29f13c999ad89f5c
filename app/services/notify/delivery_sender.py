"""Sending due deliveries: one job at a time, with many concurrent sends, no bot waiting for
another.

Only the job talks to Postgres; its threads only talk to platforms. A send counts against its bot
until its result is stored, so a hanging bot occupies at most MAX_PER_BOT threads, and a kill
leaves at most that many sends in doubt. Decision 0022 has the rest.
"""

import contextlib
import queue
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from flask import current_app

from app import wakeups
from app.chat import senders
from app.chat.incoming_events import sanitize_text
from app.chat.messages import RefusedHost
from app.chat.senders import Address, DeliveryRefused, GateCard, Message, RetryLater
from app.domain.delivery import CircuitBreaker, DeliveryAction, DeliveryState, backoff
from app.models import Bot
from app.services import encryption, settings
from app.services.clock import now as clock_now
from app.services.notify import deliveries, send_lock
from app.services.notify.deliveries import ClaimedDelivery, DeliveryResult, DueBot

MAX_PER_BOT = 4  # per bot
THREADS = 32  # for all bots
CLAIMING_SECONDS = 5.0  # then the job claims no more, ends after its sends, and another continues
POLL_SECONDS = 0.1  # interval of checks for due deliveries while sends are under way
LOCK_SECONDS = 5.0  # how long a killed job still blocks others; no longer than the lease
MAX_ERROR_TEXT = 500
UNREADABLE_SECRETS = "its secrets need a key that ENCRYPTION_KEYS no longer lists"

log = structlog.get_logger(__name__)


class _NotAllowed(Exception):
    """Nothing was sent: the recipient may no longer receive it."""

    reason = "not sent: the recipient no longer has access"


class _SendResult(NamedTuple):
    """The end of a send: the message's `ref`, or its exception."""

    claimed: ClaimedDelivery
    ref: str | None
    problem: Exception | None


def send_due() -> int:
    """Send all due deliveries, unless another job does. Returns the number of tries. Commits."""
    holder, tried = uuid.uuid4().hex, 0
    held = int(1000 * min(LOCK_SECONDS, current_app.config["DELIVERY_LEASE_SECONDS"]))
    is_wanted = True
    while is_wanted and send_lock.acquire(holder, held):
        shift = _SendRun(holder, held)
        try:
            tried += shift.run()
        finally:
            # A job that started meanwhile has ended immediately, and set a flag.
            is_wanted = send_lock.release(holder)
        if shift.is_out_of_time:
            wakeups.wake_deliveries()
            wakeups.send_wakeups(wakeups.pop_wakeups())  # everything has been committed
            break
    return tried


class _SendRun:
    """The run of the job that currently sends."""

    def __init__(self, holder: str, held: int) -> None:
        self._holder, self._lock_milliseconds = holder, held
        self._done: queue.SimpleQueue[_SendResult] = queue.SimpleQueue()
        self._in_flight: Counter[int] = Counter()
        self._flying: set[int] = set()
        self._circuits: dict[int, CircuitBreaker] = {}
        self._ends_at = time.monotonic() + CLAIMING_SECONDS
        self._tries = settings.value("deliveryAttempts")
        self._hosts = allowed_hosts()
        self._url = str(settings.value("publicUrl")).rstrip("/")

    @property
    def is_out_of_time(self) -> bool:
        return time.monotonic() >= self._ends_at

    def run(self) -> int:
        """Send until nothing is due and no send is under way. Returns the number of tries."""
        tried = 0
        with ThreadPoolExecutor(THREADS, "send") as pool:
            while True:
                claimed = [] if self.is_out_of_time else self._claim()
                for one, address in claimed:
                    pool.submit(self._send, one, address)
                tried += len(claimed)
                if not self._in_flight.total():
                    return tried
                self._store_results()
                if not send_lock.acquire(self._holder, self._lock_milliseconds):
                    # Another job sends, or Redis is down. The results of current sends are stored
                    # anyway, or the messages would be sent twice.
                    self._ends_at = 0.0

    def _claim(self) -> list[tuple[ClaimedDelivery, Address]]:
        now = clock_now()
        bots = {bot.bot_id: bot for bot in deliveries.due_bots(now)}
        free = THREADS - self._in_flight.total()
        room: dict[int, int] = {}
        for bot_id, bot in bots.items():
            self._circuits[bot_id] = bot.circuit
            room[bot_id] = min(
                free, bot.circuit.capacity(now, MAX_PER_BOT, self._in_flight[bot_id])
            )
            free -= room[bot_id]
        found = deliveries.claim(room, now, self._flying)
        self._flying.update(one.id for one in found)
        self._in_flight.update(one.bot_id for one in found)
        return [(one, decrypt_address(bots[one.bot_id], one.chat_id)) for one in found]

    # ---- in a thread ---------------------------------------------------------------------------

    def _send(self, one: ClaimedDelivery, address: Address) -> None:
        ref: str | None = None
        problem: Exception | None = None
        try:
            ref = self._deliver(one, address)
        except Exception as error:
            problem = error
        self._done.put(_SendResult(one, ref, problem))

    def _deliver(self, one: ClaimedDelivery, address: Address) -> str | None:
        if not one.is_meant:
            raise _NotAllowed
        if isinstance(address, UnreadableAddress):
            raise RetryLater(UNREADABLE_SECRETS)
        message = build_message(one, self._url)
        if one.action is DeliveryAction.POST:
            return senders.send(address, message, allowed_hosts=self._hosts)
        if one.card_ref is not None:  # otherwise there is no card to edit
            senders.edit(address, one.card_ref, message, allowed_hosts=self._hosts)
        return one.card_ref

    # ---- results -------------------------------------------------------------------------------

    def _store_results(self) -> None:
        """Store the results of all finished sends; waits a little for the first. Commits."""
        sent = list(self._finished_sends())
        if not sent:
            return
        now = clock_now()
        marks, touched = [], set()
        for one in sent:
            bot_id = one.claimed.bot_id
            touched.add(bot_id)
            marks.append((bot_id, self._result_of(one, now)))
        deliveries.store_results(marks, {bot_id: self._circuits[bot_id] for bot_id in touched}, now)
        self._in_flight.subtract(bot_id for bot_id, _ in marks)
        self._flying.difference_update(one.claimed.id for one in sent)

    def _finished_sends(self) -> Iterator[_SendResult]:
        with contextlib.suppress(queue.Empty):
            yield self._done.get(timeout=POLL_SECONDS)
            while True:
                yield self._done.get_nowait()

    def _result_of(self, sent: _SendResult, now: datetime) -> DeliveryResult:
        one, problem, circuit = sent.claimed, sent.problem, self._circuits[sent.claimed.bot_id]
        mark = DeliveryResult(one.id, one.attempts, DeliveryState.SENT, now, sent.ref)
        if problem is None:
            self._circuits[one.bot_id] = circuit.after_response()
            return mark
        if isinstance(problem, _NotAllowed):  # the host is not at fault
            return mark._replace(state=DeliveryState.DEAD, error=problem.reason)
        words = sanitize_text(error_text(problem))[:MAX_ERROR_TEXT]
        log.warning("not_delivered", delivery=one.id, bot=one.bot_id, error=words)
        if isinstance(problem, DeliveryRefused):
            self._circuits[one.bot_id] = circuit.after_response()
            return mark._replace(state=DeliveryState.DEAD, error=words)
        after = problem.retry_after_seconds if isinstance(problem, RetryLater) else None
        pause = backoff(one.attempts, random.random())
        if after is None:
            self._circuits[one.bot_id] = circuit.after_failure(now)
        else:
            asked = timedelta(seconds=max(0.0, min(after, 86_400.0)))
            self._circuits[one.bot_id] = circuit.after_pause_request(now, asked)
            pause = max(pause, asked)
        is_over = one.attempts >= self._tries
        state = DeliveryState.DEAD if is_over else DeliveryState.PENDING
        return mark._replace(state=state, due_at=now + pause, error=words)


class UnreadableAddress(Address):
    """An address whose secrets can't be decrypted."""


def decrypt_address(bot: DueBot | Bot, chat_id: str | None) -> Address:
    """Return the bot's decrypted secrets, and the chat; `UnreadableAddress` if that fails."""
    try:
        return Address(
            platform=bot.platform,
            app_id=bot.app_id,
            app_secret=encryption.decrypt(bot.app_secret) if bot.app_secret else None,
            webhook_token=encryption.decrypt(bot.webhook_token) if bot.webhook_token else None,
            chat_id=chat_id,
        )
    except encryption.KeyMissing:
        return UnreadableAddress(bot.platform, bot.app_id, None, None, chat_id)


def allowed_hosts() -> frozenset[str]:
    """Return the hosts that may receive messages although they aren't on the public Internet."""
    return frozenset(str(settings.value("notifyAllowedHosts")).replace(",", " ").lower().split())


def build_message(one: ClaimedDelivery, public_url: str) -> Message:
    """Return the message of a delivery, for `app.chat.senders`."""
    content = one.content
    gate = one.card_gate if one.action is DeliveryAction.EDIT else content.get("gate")
    return Message(
        delivery_id=one.id,
        kind=one.kind.value,
        title=content["title"],
        body=content["body"],
        task_id=one.task_id,
        project_key=content["projectKey"],
        status=content["status"],
        state=content.get("state", content["status"]),  # older rows have no state
        url=f"{public_url}/tasks/{one.task_id}" if public_url else None,
        gate=_gate_card(gate, one.message if one.action is DeliveryAction.EDIT else None)
        if gate
        else None,
        occurred_at=one.occurred_at,
        refused=_refused_host(content["refused"]) if "refused" in content else None,
    )


def _refused_host(refused: Mapping[str, Any]) -> RefusedHost:
    return RefusedHost(refused["stageIndex"], refused["round"], refused["number"], refused["host"])


def _gate_card(gate: Mapping[str, Any], answered: str | None) -> GateCard:
    return GateCard(
        stage_index=gate["stageIndex"],
        stage_name=gate["stageName"],
        round=gate["round"],
        kind=gate["kind"],
        prompt=gate["prompt"],
        choices=tuple(gate["choices"]),
        answered=answered,
        number=gate["number"],
    )


def error_text(problem: Exception) -> str:
    """Return the storable error message.

    `senders` has masked secrets in a platform's own text. For an unexpected exception only the
    class is stored, because its text may contain anything.
    """
    return (
        problem.reason
        if isinstance(problem, DeliveryRefused | RetryLater)
        else type(problem).__name__
    )
