"""One machine's connection: what it says is made to count, what it should do is sent.

Two threads (greenlets under gunicorn) share it. The reader takes frames in batches, has each batch
committed in one transaction, and answers. The writer sleeps until something may have changed the
machine's orders, computes them from rows and sends the difference. Neither holds a database
connection while it waits, and each batch gets an app context of its own.
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

from app.control_channel import rate_limit
from app.control_channel.rate_limit import Allowance
from app.control_channel.reconciler import Observed, reconcile, told
from app.control_channel.tunnels import TunnelOrders
from app.control_channel.upgrades import UpgradeOffers
from app.domain.machine import IN_DRAIN, MachineStatus
from app.services.clock import now
from app.services.machines import drains, liveness, orders, reports, sessions
from app.services.machines.append_reports import Malformed, Outcome
from app.services.machines.heartbeats import HeartbeatResult, ReceivedHeartbeat
from app.services.machines.orders import DesiredState, Want
from app.services.tasks import questions, resumption
from app.services.terminals import open_requests, terminals
from muster.protocol import codec, frames, version
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import CloseCode

# One transaction takes at most this much of what has arrived.
BATCH_FRAMES = 64
BATCH_SIZE = 4 << 20  # characters and bytes

_Heard = frames.FromMachine | frames.Log | Malformed

log = structlog.get_logger(__name__)


class Connection:
    """The server's end. `observed` is what the machine has been told or has named."""

    def __init__(
        self,
        app: Flask,
        ws: Any,
        session: sessions.MachineSession,
        observed: dict[AttemptKey, Observed],
        protocol: int,
        allowance: Allowance,
        upgrades: UpgradeOffers,
    ) -> None:
        self.machine_id: uuid.UUID = session.machine_id
        self.generation = session.generation
        self.is_open = True
        self._app, self._ws, self._observed = app, ws, observed
        self._tunnels = TunnelOrders()
        self._upgrades = upgrades
        self._protocol = protocol
        self._allowance = allowance
        self._draining = False
        self._orders_version = -1
        self._changed = True
        self._is_slowed = False
        self._heard: tuple[ReceivedHeartbeat, HeartbeatResult] | None = (
            None  # the heartbeat to answer
        )
        self._ending: tuple[int, str] | None = None
        self._some = threading.Event()  # something for the writer to do
        self._log = log.bind(machine=str(session.machine_id), generation=session.generation)

    # ---- what others do to it ------------------------------------------------------------------
    # None of it waits: a machine that reads nothing must not keep the others of its process.

    def wake(self) -> None:
        """The machine's orders may have changed."""
        self._changed = True
        self._some.set()

    def answer(self, heartbeat: ReceivedHeartbeat, result: HeartbeatResult) -> None:
        """The heartbeat has been stored, and so the rows see the machine."""
        self.compare(result.orders_version)  # first: orders go out before the answer
        if result.upgrades != self._upgrades.when:
            self.wake()
        self._heard = (heartbeat, result)
        self._some.set()

    def end(self, code: int, reason: str) -> None:
        """Have it hung up."""
        self._ending = (code, reason)
        self._some.set()

    def compare(self, orders_version: int) -> None:
        """Wake up if this is not the version that was last looked at."""
        if orders_version != self._orders_version:
            self.wake()

    # ---- what its own threads do ---------------------------------------------------------------

    def send(self, frame: frames.Frame) -> None:
        """Send a frame; a connection that has gone is the reader's to notice."""
        try:
            self._ws.send(codec.encode(frame))
        except (ConnectionClosed, OSError):
            self.is_open = False

    def close(self, code: int, reason: str) -> None:
        """Hang up, and let both threads notice."""
        self.is_open = False
        with contextlib.suppress(ConnectionClosed, OSError):
            self._ws.close(code, reason)
        self._ws.event.set()  # a reader in `receive` does not see its own side's close
        self._some.set()

    # ---- the reader ----------------------------------------------------------------------------

    def serve(self, pulse: "Any") -> None:
        """Read until the connection is over."""
        writer = threading.Thread(target=self._write, name="orders", daemon=True)
        writer.start()
        self.wake()
        try:
            while self.is_open:
                batch = self._receive()
                self._take(batch, pulse)
                self._keep_pace(rate_limit.cost(batch))
        except ConnectionClosed:
            pass
        except codec.BadFrame as error:
            self._log.warning("bad_frame", error=str(error))
            self.close(CloseCode.MALFORMED, "not a frame of this protocol")
        except reports.Replaced:
            self.close(CloseCode.REPLACED, "another connection speaks for this machine")
        except SQLAlchemyError as error:
            # Nothing was acked, so nothing is lost: the machine connects and sends again.
            self._log.warning("database_away", error=type(error).__name__)
            self.close(CloseCode.GOING_AWAY, "the database is away")
        finally:
            self.is_open = False
            self._some.set()
            writer.join()

    def _receive(self) -> list[_Heard]:
        messages, size = [], 0
        message = self._ws.receive()
        while message is not None:
            messages.append(message)
            size += len(message)
            if len(messages) >= BATCH_FRAMES or size >= BATCH_SIZE:
                break
            message = self._ws.receive(timeout=0)
        return [understood(message) for message in messages]

    def _keep_pace(self, cost: float) -> None:
        """Read nothing for a while of a machine that says too much."""
        if wait := self._allowance.spend(cost, time.monotonic()):
            if not self._is_slowed:
                self._log.warning("machine_slowed", seconds=wait)
            self._is_slowed = True
            time.sleep(wait)

    def _take(self, batch: Sequence[_Heard], pulse: Any) -> None:
        told_reports = [frame for frame in batch if isinstance(frame, frames.Report | Malformed)]
        log_frames = [frame for frame in batch if isinstance(frame, frames.Log)]
        for frame in batch:
            if isinstance(frame, frames.Heartbeat):
                pulse.beat(self, frame)
                self._store_changes(frame)
            elif isinstance(frame, frames.Hello):
                raise codec.BadFrame("a second hello")
            elif isinstance(frame, frames.TerminalClosed):
                with self._app.app_context():
                    open_requests.closed(self.machine_id, frame.task_id, frame.attempt, now())
        if told_reports or log_frames:
            with self._app.app_context():
                outcome = reports.apply(
                    self.machine_id, self.generation, told_reports, log_frames, now()
                )
            self._answer(outcome)

    def _store_changes(self, frame: frames.Heartbeat) -> None:
        if facts := sessions.facts(frame):
            with self._app.app_context():
                sessions.change(self.machine_id, self.generation, **facts)

    def _answer(self, outcome: Outcome) -> None:
        acks = [frames.LogAck(task_id=t, attempt=a, offset=o) for (t, a), o in outcome.logs.items()]
        self.send(frames.Ack(up_to=outcome.up_to, logs=acks))
        for (task_id, attempt), offset in outcome.gaps.items():
            self.send(frames.LogGap(task_id=task_id, attempt=attempt, offset=offset))
        for task_id, attempt in outcome.stale:
            self.send(frames.Stale(task_id=task_id, attempt=attempt))
        self.compare(outcome.orders_version)

    # ---- the writer ----------------------------------------------------------------------------

    def _write(self) -> None:
        while self._some.wait() and self.is_open:
            self._some.clear()
            try:
                self._do_what_is_due()
            except SQLAlchemyError as error:
                self._log.warning("orders_not_read", error=type(error).__name__)
                time.sleep(1)
                self.wake()
            except Exception:
                # Nobody else would notice that no order is sent any more.
                self._log.exception("orders_not_made")
                self.close(CloseCode.GOING_AWAY, "the orders could not be made")

    def _do_what_is_due(self) -> None:
        if self._ending is not None:
            self.close(*self._ending)
            return
        heard, self._heard = self._heard, None
        if heard is not None:
            self._look_at(*heard)
        if self._changed:
            self._changed = False
            self._send_orders()
        # Last, for it prolongs the machine's lease: what has ended while that was over must not
        # begin again.
        if heard is not None:
            self.send(frames.HeartbeatAck(number=heard[0].number))

    def _look_at(self, heartbeat: ReceivedHeartbeat, result: HeartbeatResult) -> None:
        """What a heartbeat says that is news to the rows. Not where all heartbeats are written: it
        waits for locks, and wakes others, for which Redis may take its time.
        """
        about = (self.machine_id, self.generation)
        if not result.is_heard:
            with self._app.app_context():
                liveness.hear_again(*about, heartbeat.received_at)
        if result.disk is not None:
            with self._app.app_context():
                drains.look_at_disk(*about, result.disk, heartbeat.received_at)

    def _send_orders(self) -> None:
        with self._app.app_context():
            named = [key for key, observed in self._observed.items() if not observed.forgetting]
            desired = orders.of_machine(self.machine_id, now(), named)
            if desired.generation != self.generation:
                return self.close(CloseCode.REPLACED, "another connection speaks for this machine")
            due = reconcile(desired.attempts, self._observed)
            offers = self._upgrades.due(is_pinned=desired.is_pinned)
            outgoing = [(order, frame) for order in due if (frame := self._frame(order))]
        for order, frame in outgoing:
            key = AttemptKey.of(order)
            self._observed[key] = told(self._observed.get(key), order)
            self.send(frame)
        for said in (*self._tunnels.due(desired.tunnels), *offers):
            self.send(said)
        self._prune(desired.attempts)
        self._tell_drain(desired.status in IN_DRAIN)
        self._orders_version = desired.version
        if desired.status is MachineStatus.DECOMMISSIONED:
            self.close(CloseCode.DECOMMISSIONED, "this machine has been decommissioned")
        return None

    def _prune(self, desired: Sequence[DesiredState]) -> None:
        """Only what is at work needs to be remembered: the rest is told nothing twice."""
        listed = {AttemptKey.of(state) for state in desired}
        self._observed = {
            key: observed for key, observed in self._observed.items() if key in listed
        }

    def _tell_drain(self, draining: bool) -> None:
        if draining != self._draining:
            self._draining = draining
            self.send(frames.Drain() if draining else frames.Undrain())

    def _frame(self, order: DesiredState) -> frames.Order | None:
        """None where the order cannot be made (then its task has failed), or understood."""
        match order.want:
            case Want.RUN if order.run > 0 and self._protocol < version.QUESTIONS:
                resumption.cannot_go_on(order.task_id, order.attempt, now())
                return None
            case Want.RUN | Want.PUBLISH:
                return orders.work_or_fail(order)
            case Want.STOP:
                return frames.Stop(
                    task_id=order.task_id, attempt=order.attempt, reason=order.reason
                )
            case Want.TERMINAL:
                return self._open_terminal(order)
            case Want.ANSWER | Want.SUSPEND if self._protocol < version.QUESTIONS:
                return None
            case Want.ANSWER:
                return questions.order(order.task_id, order.attempt, order.row.question)
            case Want.SUSPEND:
                return frames.Suspend(*AttemptKey.of(order), order.stage_index, order.run, "budget")
        return frames.Forget(
            task_id=order.task_id, attempt=order.attempt, keep_checkpoints=order.keep_checkpoints
        )

    def _open_terminal(self, order: DesiredState) -> frames.OpenTerminal:
        secret = terminals.token_for_machine(self.machine_id, order.task_id, order.attempt)
        return frames.OpenTerminal(
            task_id=order.task_id, attempt=order.attempt, channel_token=secret
        )


def understood(message: str | bytes) -> _Heard:
    """The frame in the message. Raises BadFrame."""
    try:
        return codec.decode_from_machine(message)
    except codec.BadReport as bad:
        return Malformed(bad.seq, bad.task_id, bad.attempt, str(bad))
