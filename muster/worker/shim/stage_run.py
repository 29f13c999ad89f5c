"""One stage from its fork to its end: output, timeout, and the killing of all that it started."""

import contextlib
import errno
import os
from collections.abc import Callable
from math import inf
from typing import Any

from muster.worker import processes
from muster.worker.clock import boot_seconds, wall_milliseconds
from muster.worker.egress.proxy_process import Proxy
from muster.worker.limits.limits import Breach
from muster.worker.limits.sandbox_watch import RoomWatch
from muster.worker.masking.masker import Masker
from muster.worker.sandbox import init
from muster.worker.shim.channel import Channel
from muster.worker.shim.entries import Asked, entry_from, question_from, reply_from, with_facts
from muster.worker.shim.pty_process import PtyProcess
from muster.worker.shim.stage_clock import StageClock
from muster.worker.shim.token_bucket import Allowance
from muster.worker.shim.wire import StageCommand, StageEnd

_QUIET = 0.1  # seconds without output after which a short held-back tail is shown
_SWEEP = 0.02  # seconds between two looks at what still lives
_LEFTOVERS = 1.0  # seconds for what outlives the leader to hear TERM
_INSISTENCE = 5.0  # seconds for which KILL is repeated
_AT_ONCE, _EACH = 100, 30.0  # so many replies one after the other, then one in so many seconds
_DRAIN = 1 << 20  # bytes; more than a dead stage can have left in its terminal


class StageRun:
    """Told of events by the shim's loop; never waits. `end` is set when all is over."""

    def __init__(
        self,
        command: StageCommand,
        env: dict[str, str],
        write: Callable[[bytes], None],
        note: Callable[[dict[str, Any], int], int],
        ask: Callable[[Asked | None, float], int],
        now: float,
    ) -> None:
        """Starts the stage; `write` takes its masked output. Raises OSError.

        `note` takes an entry of the transcript, and how many bytes of what was printed before it
        are still to be written, and returns where the log shows what comes then; it may raise. So
        may `ask`, which takes a question and the time, and returns its number; None takes back what
        is open.
        """
        self.stage_index, self._run = command.stage_index, command.run
        self._watch = RoomWatch(command.limits, self._all_of_the_stage, now)
        self._breach: Breach | None = None
        self.proxy: Proxy | None = None
        self.channel: Channel | None = None
        try:
            handed = self._handed(command)
            self.process = PtyProcess(command, env, self._watch.enter, handed)
        except OSError:
            self._watch.close()
            self._hand_over()
            self._hang_up()
            raise
        self._hand_over()
        self._threads, self._replies = command.threads, Allowance(_AT_ONCE, _EACH)
        self.end: StageEnd | None = None
        self.facts: dict[str, Any] = {}
        self._write = write
        self._note, self._ask = note, ask
        self._masker = Masker(secret.encode(errors="surrogateescape") for secret in command.secrets)
        self._started_at_ms = wall_milliseconds()
        self._clock = StageClock(now + command.timeout)
        self._timeout_grace = command.grace
        self._quiet_at = inf
        self.cause: str | None = None  # why it ends, if not by itself
        self._status: int | None = None  # the process's, once it is gone; not yet reaped
        self._kill_at = inf
        self._give_up_at = inf
        self._sweep_at = inf

    def wakes_at(self) -> float:
        """When `tick` wants to be called next, in boot-time seconds."""
        if self.cause is None and self._status is None:
            return min(self._quiet_at, self._clock.ends_at, self._watch.wakes_at())
        return min(self._quiet_at, self._sweep_at)

    def take_output(self) -> bool:
        """Passes on what the stage wrote; False when nothing more can come."""
        output, over = self.process.read()
        if output:
            self._pass_on(output)
        return not over

    def take_told(self) -> bool:
        """Takes what is told about the command; False when nothing more can come."""
        known = self.process.failure is not None
        goes_on = self.process.hear()
        if self.cause and not known and self.process.failure == "":
            self.process.terminate()  # what was asked for before there was anybody to hear it
        return goes_on

    def child_died(self, now: float) -> None:
        """Looks which child it was: orphans are reaped, the leader's end begins the stage's."""
        while self._status is None and (dead := _peek()):
            if dead.si_pid != self.process.pid:
                os.waitpid(dead.si_pid, 0)
                continue
            is_exit = dead.si_code == os.CLD_EXITED
            self._status = dead.si_status if is_exit else -dead.si_status
            self._watch.rest()
            self.process.terminate_group()
            self._hurry(now, _LEFTOVERS)

    def stop(self, cause: str, grace: float, now: float) -> None:
        """TERM for everything now, KILL after `grace` seconds. The first cause is kept."""
        if self.cause is None and self._status is None:
            self.cause = cause
        if grace > 0:
            self.process.terminate()
        self._hurry(now, grace)

    def tick(self, now: float) -> None:
        """Does what is due."""
        if now >= self._quiet_at:
            self._quiet_at = inf
            self._write(self._masker.pause())
        if self.cause is None and self._status is None:
            if now >= self._clock.ends_at:
                self.stop("timeout", self._timeout_grace, now)
            elif breach := self._watch.look(now):
                self._breach = breach
                self.stop("limit", 0, now)
        elif now >= self._sweep_at:
            self._sweep(now)

    def answered(self, answer: dict[str, Any]) -> None:
        """Passes on what a person has answered, and goes on counting the time."""
        self.unasked()
        if self.channel:
            self.channel.say({"answer": answer})

    def unasked(self) -> None:
        """Goes on counting the time, for nobody waits for an answer."""
        self._clock.go_on(boot_seconds())

    def _all_of_the_stage(self) -> list[processes.Process]:
        """The proxy is ours, and no part of what the stage may use."""
        own = self.proxy.pid if self.proxy else None
        return [each for each in processes.descendants(os.getpid()) if each.pid != own]

    def close(self) -> None:
        """Lets go of handles, once nobody waits for them any more."""
        self.process.close()
        self._hang_up()

    def _handed(self, command: StageCommand) -> dict[int, int]:
        """Handles for the room's leader, or the command, by their numbers there. Raises OSError."""
        handed = {}
        if proxy := _proxy(command):
            self.proxy, handed[init.PROXY] = proxy, proxy.room
        if command.channel:
            self.channel = Channel(self._answer)
            handed[init.CHANNEL] = self.channel.theirs
        return handed

    def _hand_over(self) -> None:
        for given in (self.proxy, self.channel):
            if given:
                given.hand_over()

    def _hang_up(self) -> None:
        if self.proxy:
            self.proxy.end()
        if self.channel:
            self.channel.close()

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """What the command is answered over its channel. Raises ValueError, and as `note` does."""
        match message:
            case {"entry": said}:
                entry = entry_from(said, self._masker)
                self._pass_on_all()  # for it is about what will be printed from now on
                return {"ok": self._note(entry, self._masker.pending)}
            case {"facts": said}:
                self.facts = with_facts(self.facts, said, self._masker)
                return {"ok": True}
            case {"reply": said}:
                return {"ok": self._replied(said)}
            case {"ask": said}:
                return {"ok": self._asked(said, boot_seconds())}
        raise ValueError("neither an entry, nor facts, nor a question, nor a reply")

    def _replied(self, said: Any) -> int:
        """Where the log shows what comes then. Raises ValueError, and as `note` does."""
        entry = reply_from(said, self._threads, self._masker)
        if not self._replies.take(boot_seconds()):
            raise ValueError("there are too many replies")
        self._pass_on_all()
        return self._note(entry, self._masker.pending)

    def _asked(self, said: Any, now: float) -> int:
        """The question's number; the time stands still until there is an answer."""
        if said is None:
            self._clock.go_on(now)
            return self._ask(None, now)
        number = self._ask(question_from(said, self._masker), now)
        self._clock.stand(now)
        return number

    def _pass_on(self, output: bytes) -> None:
        self._write(self._masker.feed(output))
        self._quiet_at = boot_seconds() + _QUIET if self._masker.holds else inf

    def _pass_on_all(self) -> None:
        """What is in the terminal now, and no more than it can hold: somebody may go on writing."""
        taken = 0
        while taken < _DRAIN:
            output, over = self.process.read()
            if output:
                self._pass_on(output)
                taken += len(output)
            if over or not output:
                break

    def _hurry(self, now: float, grace: float) -> None:
        self._kill_at = min(self._kill_at, now + grace)
        self._sweep_at = now

    def _sweep(self, now: float) -> None:
        if self._status is None and now < self._kill_at:
            if self._watch.look(now) is None:
                # Or sooner, if the leader dies.
                self._sweep_at = min(self._kill_at, self._watch.wakes_at())
                return
            self._kill_at = now  # time to end is no time to use the machine up
        self._sweep_at = now + _SWEEP
        left = self._all_of_the_stage()
        if self._status is not None and not left:
            self._finish("")
        elif now >= self._give_up_at:
            self._finish(f"{len(left)} processes would not die")
        elif now >= self._kill_at:
            # Counted from the first KILL: when that was due we may have been frozen.
            self._give_up_at = min(self._give_up_at, now + _INSISTENCE)
            self._watch.kill()
            self.process.kill_group()
            processes.kill(left)

    def _finish(self, remark: str) -> None:
        if self.channel:
            self.channel.take_rest()
        self._drain()
        reap()
        how, code, message = self._verdict()
        self._watch.close()
        self.end = StageEnd(
            stage_index=self.stage_index,
            how=how,
            code=code,
            message=message or remark,
            log_end=0,  # the spool knows
            started_at_ms=self._started_at_ms,
            ended_at_ms=wall_milliseconds(),
            facts=self.facts,
            run=self._run,
        )

    def _verdict(self) -> tuple[str, int, str]:
        failure, told = self.process.settle(self._status, stopped=self.cause is not None)
        status = told or 0
        code = status if status >= 0 else 128 - status
        # Asked before why there was no room: the kernel may have ended it, who says no word of it.
        if self.cause in (None, "limit") and not self.process.failure:
            breach = self._breach or self._watch.verdict(ended_badly=status != 0)
            if breach:
                return "limit", code, f"{breach.code} {breach.message}"
        if failure:
            number, _, message = failure.partition(" ")
            return "failed", int(number), message
        if self.cause:
            return self.cause, code, ""
        return ("exit", status, "") if status >= 0 else ("signal", -status, "")

    def _drain(self) -> None:
        """The rest of the output. Somebody out of reach may hold the terminal open."""
        self.process.let_go()
        self._pass_on_all()
        self._write(self._masker.flush())


def _proxy(command: StageCommand) -> Proxy | None:
    """Raises OSError."""
    if command.network is None or not command.room:
        return None
    try:
        return Proxy(command.network)
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from error


def reap() -> None:
    """Reaps every child that is dead."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _peek() -> os.waitid_result | None:
    """A child that has died; it is not reaped, so nobody else can get its number yet."""
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
