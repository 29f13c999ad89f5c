"""One machine's connection: stores its reports and sends its orders.

Two threads (greenlets under gunicorn) share it. The reader takes frames in batches, commits each
batch in one transaction, and answers. The writer sleeps until something may have changed the
machine's orders, computes them from rows and sends the difference. Neither holds a database
connection while it waits, and each batch has its own app context.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

import structlog
from flask import Flask
from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError

from app.control_channel import agent_orders, rate_limit
from app.control_channel.checks import CheckOffers
from app.control_channel.rate_limit import RateLimiter
from app.control_channel.reconciler import ObservedState, apply_sent_order, reconcile
from app.control_channel.texts import TextRelay
from app.control_channel.tunnels import TunnelOrders
from app.control_channel.upgrades import UpgradeOffers
from app.domain.machine import IN_DRAIN, MachineStatus
from app.services.clock import now
from app.services.machines import drains, liveness, orders, reports, sessions
from app.services.machines.append_reports import BatchOutcome, MalformedReport
from app.services.machines.heartbeats import HeartbeatResult, ReceivedHeartbeat
from app.services.machines.orders import DesiredAction, DesiredState
from app.services.tasks import terminal_waits
from app.services.terminals import open_requests, terminals
from app.terminal_keys import TerminalKey
from muster.protocol import codec, frames
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import CloseCode

MAX_BATCH_FRAMES = 64  # in one transaction
MAX_BATCH_SIZE = 4 << 20  # characters and bytes, in one transaction

_ReceivedFrame = frames.FromMachine | frames.Log | MalformedReport

log = structlog.get_logger(__name__)


class Connection:
    """The server's end. `observed` is what was sent to the machine, or what it has reported.
    `protocol` is the version that both sides use: a frame of a later one is never sent.
    """

    def __init__(
        self,
        app: Flask,
        ws: Any,
        session: sessions.MachineSession,
        observed: dict[AttemptKey, ObservedState],
        protocol: int,
        allowance: RateLimiter,
        upgrades: UpgradeOffers,
        checks: CheckOffers,
    ) -> None:
        self.machine_id: uuid.UUID = session.machine_id
        self.generation = session.generation
        self.is_open = True
        self._app, self._ws, self._observed = app, ws, observed
        self._tunnels, self._texts = TunnelOrders(), TextRelay(app, session)
        self._upgrades, self._checks = upgrades, checks
        self.protocol = protocol
        self._rate_limiter = allowance
        self._draining = self._is_throttled = False
        self._orders_version, self._has_order_changes = -1, True
        # The heartbeat to answer.
        self._pending_heartbeat: tuple[ReceivedHeartbeat, HeartbeatResult] | None = None
        self._close_request: tuple[int, str] | None = None
        self._wakeup = threading.Event()  # something for the writer to do
        about = {"machine": str(session.machine_id), "protocol": protocol}
        self._log = log.bind(generation=session.generation, **about)

    # ---- calls from other threads --------------------------------------------------------------
    # None of these block: a machine that reads nothing must not delay the others of its process.

    def wake(self) -> None:
        """The machine's orders may have changed."""
        self._has_order_changes = True
        self._wakeup.set()

    def offer_check(self, check_id: str) -> None:
        """Offer the machine a check of a repository."""
        self._checks.add(check_id)
        self._wakeup.set()

    def acknowledge_heartbeat(self, heartbeat: ReceivedHeartbeat, result: HeartbeatResult) -> None:
        """The heartbeat has been stored, so the rows show the machine as connected."""
        self.check_orders_version(result.orders_version)  # first: orders go out before the answer
        if result.upgrades != self._upgrades.policy:
            self.wake()
        self._pending_heartbeat = (heartbeat, result)
        self._wakeup.set()

    def request_close(self, code: int, reason: str) -> None:
        """Request that the connection be closed."""
        self._close_request = (code, reason)
        self._wakeup.set()

    def check_orders_version(self, orders_version: int) -> None:
        """Wake the writer if this isn't the last processed version."""
        if orders_version != self._orders_version:
            self.wake()

    # ---- its own threads -----------------------------------------------------------------------

    def send(self, frame: frames.Frame) -> None:
        """Send a frame; the reader notices a closed connection."""
        try:
            self._ws.send(codec.encode(frame))
        except (ConnectionClosed, OSError):
            self.is_open = False

    def close(self, code: int, reason: str) -> None:
        """Close the connection, and wake both threads."""
        self.is_open = False
        with contextlib.suppress(ConnectionClosed, OSError):
            self._ws.close(code, reason)
        self._ws.event.set()  # a reader in `receive` doesn't see its own side's close
        self._wakeup.set()

    # ---- the reader ----------------------------------------------------------------------------

    def serve(self, pulse: "Any") -> None:
        """Read until the connection ends."""
        writer = threading.Thread(target=self._write, name="orders", daemon=True)
        writer.start()
        self.wake()
        try:
            while self.is_open:
                batch = self._receive()
                self._handle_batch(batch, pulse)
                self._throttle(rate_limit.batch_cost(batch))
        except ConnectionClosed:
            pass
        except codec.BadFrame as error:
            self._log.warning("bad_frame", error=str(error))
            self.close(CloseCode.MALFORMED, "invalid frame for this protocol")
        except reports.SessionReplaced:
            self.close(CloseCode.REPLACED, "replaced by a newer connection")
        except SQLAlchemyError as error:
            # Nothing was acked, so nothing is lost: the machine connects and sends again.
            self._log.warning("database_unavailable", error=type(error).__name__)
            self.close(CloseCode.GOING_AWAY, "the database is down")
        finally:
            self.is_open = False
            self._wakeup.set()
            writer.join()

    def _receive(self) -> list[_ReceivedFrame]:
        messages, size = [], 0
        message = self._ws.receive()
        while message is not None:
            messages.append(message)
            size += len(message)
            if len(messages) >= MAX_BATCH_FRAMES or size >= MAX_BATCH_SIZE:
                break
            message = self._ws.receive(timeout=0)
        return [decode_message(message) for message in messages]

    def _throttle(self, cost: float) -> None:
        """Pause reading from a machine that sends too much."""
        if wait := self._rate_limiter.spend(cost, time.monotonic()):
            if not self._is_throttled:
                self._log.warning("machine_throttled", seconds=wait)
            self._is_throttled = True
            time.sleep(wait)

    def _handle_batch(self, batch: Sequence[_ReceivedFrame], pulse: Any) -> None:
        reported = [each for each in batch if isinstance(each, frames.Report | MalformedReport)]
        log_frames = [frame for frame in batch if isinstance(frame, frames.Log)]
        self._texts.publish([frame for frame in batch if isinstance(frame, frames.TextDelta)])
        for frame in batch:
            if isinstance(frame, frames.Heartbeat):
                pulse.add(self, frame)
                self._store_changes(frame)
            elif isinstance(frame, frames.Hello):
                raise codec.BadFrame("a second hello")
            elif isinstance(frame, frames.RepositoryChecked):
                self._checks.record_answer(frame)
            elif isinstance(frame, frames.TerminalClosed) and not frame.shell:
                with self._app.app_context():
                    ended = (self.machine_id, frame.task_id, frame.attempt)
                    open_requests.handle_socket_closed(*ended, now())
        if reported or log_frames:
            with self._app.app_context():
                outcome = reports.apply_batch(
                    self.machine_id, self.generation, reported, log_frames, now()
                )
            self._acknowledge(outcome)

    def _store_changes(self, frame: frames.Heartbeat) -> None:
        about, waiting = (self.machine_id, self.generation), frame.waiting_terminals
        with self._app.app_context():
            if facts := sessions.changed_facts(frame):
                sessions.store_facts(*about, **facts)
            if waiting is not None:
                terminal_waits.store_waits(*about, waiting, now())

    def _acknowledge(self, outcome: BatchOutcome) -> None:
        acks = [frames.LogAck(task_id=t, attempt=a, offset=o) for (t, a), o in outcome.logs.items()]
        self.send(frames.Ack(up_to=outcome.up_to, logs=acks))
        for (task_id, attempt), offset in outcome.gaps.items():
            self.send(frames.LogGap(task_id=task_id, attempt=attempt, offset=offset))
        for task_id, attempt in outcome.stale:
            self.send(frames.Stale(task_id=task_id, attempt=attempt))
        self.check_orders_version(outcome.orders_version)

    # ---- the writer ----------------------------------------------------------------------------

    def _write(self) -> None:
        while self._wakeup.wait() and self.is_open:
            self._wakeup.clear()
            try:
                self._send_pending()
            except SQLAlchemyError as error:
                self._log.warning("orders_not_read", error=type(error).__name__)
                time.sleep(1)
                self.wake()
            except Exception:
                # Nobody else would notice that orders are no longer sent.
                self._log.exception("orders_failed")
                self.close(CloseCode.GOING_AWAY, "the orders couldn't be created")

    def _send_pending(self) -> None:
        if self._close_request is not None:
            self.close(*self._close_request)
            return
        heard, self._pending_heartbeat = self._pending_heartbeat, None
        if heard is not None:
            self._apply_heartbeat(*heard)
        if self._has_order_changes:
            self._has_order_changes = False
            self._send_orders()
        for check in self._checks.pop_orders():
            self.send(check)
        # Last, because it renews the machine's lease: work that ended after the lease expired must
        # not start again.
        if heard is not None:
            self.send(frames.HeartbeatAck(number=heard[0].number))

    def _apply_heartbeat(self, heartbeat: ReceivedHeartbeat, result: HeartbeatResult) -> None:
        """Store a heartbeat's changes. Not in the heartbeats' writer: this waits for locks."""
        about = (self.machine_id, self.generation)
        if not result.is_heard:
            with self._app.app_context():
                liveness.recover_machine(*about, heartbeat.received_at)
        if result.disk is not None:
            with self._app.app_context():
                drains.check_disk(*about, result.disk, heartbeat.received_at)

    def _send_orders(self) -> None:
        with self._app.app_context():
            named = [key for key, observed in self._observed.items() if not observed.forgetting]
            desired = orders.orders_of_machine(self.machine_id, now(), named)
            if desired.generation != self.generation:
                return self.close(CloseCode.REPLACED, "replaced by a newer connection")
            due = reconcile(desired.attempts, self._observed)
            offers = self._upgrades.pop_due(is_pinned=desired.is_pinned)
            outgoing = [(order, frame) for order in due if (frame := self._build_frame(order))]
        for order, frame in outgoing:
            key = AttemptKey.from_object(order)
            self._observed[key] = apply_sent_order(self._observed.get(key), order)
            self.send(frame)
        for message in (*self._tunnels.pop_due(desired.tunnels), *offers):
            self.send(message)
        self._prune(desired.attempts)
        self._send_drain_state(desired.status in IN_DRAIN)
        self._orders_version = desired.version
        if desired.status is MachineStatus.DECOMMISSIONED:
            self.close(CloseCode.DECOMMISSIONED, "this machine has been decommissioned")
        return None

    def _prune(self, desired: Sequence[DesiredState]) -> None:
        """Keep only active entries: nothing else is sent twice."""
        listed = {AttemptKey.from_object(state) for state in desired}
        self._observed = {
            key: observed for key, observed in self._observed.items() if key in listed
        }

    def _send_drain_state(self, draining: bool) -> None:
        if draining != self._draining:
            self._draining = draining
            self.send(frames.Drain() if draining else frames.Undrain())

    def _build_frame(self, order: DesiredState) -> frames.Order | None:
        """Return the frame; None if it can't be created (the task has failed)."""
        match order.action:
            case DesiredAction.RUN | DesiredAction.PUBLISH:
                return orders.build_order_or_fail(order)
            case DesiredAction.STOP:
                return frames.Stop(order.task_id, order.attempt, order.reason)
            case DesiredAction.TERMINAL | DesiredAction.SHELL:
                is_shell = order.action is DesiredAction.SHELL
                key = TerminalKey(order.task_id, order.attempt, is_shell)
                return terminals.build_order(self.machine_id, key)
            case DesiredAction.ANSWER | DesiredAction.MESSAGE | DesiredAction.INTERRUPT:
                return agent_orders.build_frame(order)
            case DesiredAction.SUSPEND:
                return frames.Suspend(
                    *AttemptKey.from_object(order), order.stage_index, order.run, "budget"
                )
        return frames.Forget(order.task_id, order.attempt, order.keep_checkpoints)


def decode_message(message: str | bytes) -> _ReceivedFrame:
    """Return the frame in the message. Raises BadFrame."""
    try:
        return codec.decode_from_machine(message)
    except codec.BadReport as bad:
        return MalformedReport(bad.seq, bad.task_id, bad.attempt, str(bad))
