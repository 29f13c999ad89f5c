"""One stage from its fork to its exit: output, timeout, and killing everything that it started."""

import errno
import os
from collections.abc import Callable
from math import inf
from selectors import BaseSelector
from typing import Any

from muster.worker import processes
from muster.worker.clock import boot_seconds, wall_milliseconds
from muster.worker.egress.proxy_process import ProxyProcess
from muster.worker.limits.limits import Breach
from muster.worker.limits.sandbox_watch import SandboxWatch
from muster.worker.masking.masker import Masker
from muster.worker.sandbox import init
from muster.worker.sandbox.joining import join_sandbox
from muster.worker.shim.channel import Channel
from muster.worker.shim.child_processes import peek_dead_child, reap_children
from muster.worker.shim.cpu_samples import CpuSamples
from muster.worker.shim.entries import QuestionRequest, merge_facts, parse_question
from muster.worker.shim.permission_requests import PermissionCounter
from muster.worker.shim.pty_process import PtyProcess
from muster.worker.shim.shell_run import ShellRun
from muster.worker.shim.stage_clock import StageClock
from muster.worker.shim.stage_entries import StageEntries, StoreEntry
from muster.worker.shim.text_deltas import TextDeltas
from muster.worker.shim.wire import Refusal, StageCommand, StageExit

_FLUSH_DELAY_SECONDS = 0.1  # seconds without output until a short held-back tail is shown
_SWEEP_SECONDS = 0.02  # seconds between checks of what still runs
_ORPHAN_GRACE_SECONDS = 1.0  # seconds for orphans to handle TERM
_KILL_RETRY_SECONDS = 5.0  # seconds for which KILL is repeated
_MAX_DRAIN_BYTES = 1 << 20  # bytes; more than a dead stage can have left in its terminal


class StageRun:
    """Driven by events of the shim's loop; never blocks. `end` is set when everything has ended."""

    def __init__(
        self,
        command: StageCommand,
        env: dict[str, str],
        write: Callable[[bytes], None],
        store: StoreEntry,
        publish: Callable[[dict[str, Any]], None],
        ask: Callable[[QuestionRequest | None, float], int],
        mail: Callable[[dict[str, Any]], int],
        now: float,
    ) -> None:
        """Starts the stage; `write` takes its masked output. Raises OSError.

        `store` takes a transcript entry, `publish` a part of a text in progress. `ask` takes a
        question (None withdraws the open one) and the time, and returns its number. `mail` answers
        messages about people's messages. `ask` and `mail` may raise.
        """
        self.stage_index, self._run = command.stage_index, command.run
        self._command = command._replace(env=env)  # a shell's, too
        self._limit_watch = SandboxWatch(command.limits, self._stage_processes, now)
        self._breach: Breach | None = None
        self._permissions = PermissionCounter(self._exceed)
        self.proxy: ProxyProcess | None = None
        self.channel: Channel | None = None
        try:
            handed = self._create_handles(command)
            self.process = PtyProcess(command, env, self._limit_watch.enter, handed)
        except OSError:
            self._limit_watch.close()
            self._close_child_ends()
            self._close_connections()
            raise
        self._close_child_ends()
        self.stage_exit: StageExit | None = None
        self.facts: dict[str, Any] = {}
        self._write, self._open_question, self._handle_mail = write, ask, mail
        self._masker = Masker(secret.encode(errors="surrogateescape") for secret in command.secrets)
        self._entries = StageEntries(self._masker, store, self._drain_terminal, command.threads)
        self._deltas = TextDeltas(self._masker, self._entries, publish)
        self._cpu = CpuSamples(command.limits, self._stage_processes, self._entries, publish)
        self._started_at_ms = wall_milliseconds()
        self._clock = StageClock(now + command.timeout)
        self._timeout_grace = command.grace
        self._flush_at = inf
        self.cause: str | None = None  # why it ends, if not by itself
        self._status: int | None = None  # the process's, once it is gone; not yet reaped
        self._kill_at = self._give_up_at = self._sweep_at = inf

    def wakes_at(self) -> float:
        """When to call `tick` next, in boot-time seconds."""
        if self.cause is None and self._status is None:
            polls = self._limit_watch.next_poll_at(), self._cpu.next_poll_at()
            return min(self._flush_at, self._clock.ends_at, *polls)
        return min(self._flush_at, self._sweep_at)

    def read_output(self) -> bool:
        """Pass on the stage's output; False when there will be no more."""
        output, over = self.process.read_output()
        if output:
            self._write_masked(output)
        return not over

    def read_status(self) -> bool:
        """Read the reports about the command; False when there will be no more."""
        known = self.process.failure is not None
        goes_on = self.process.read_status()
        if self.cause and not known and self.process.failure == "":
            self.process.terminate()  # requested before the process existed
        return goes_on

    def on_child_exit(self, now: float) -> None:
        """Handle a child's exit: orphans are reaped, the leader's exit begins the stage's end."""
        while self._status is None and (dead := peek_dead_child()):
            if dead.si_pid != self.process.pid:
                os.waitpid(dead.si_pid, 0)
                continue
            is_exit = dead.si_code == os.CLD_EXITED
            self._status = dead.si_status if is_exit else -dead.si_status
            self._limit_watch.stop()
            self.process.terminate_group()
            self._schedule_kill(now, _ORPHAN_GRACE_SECONDS)

    def stop(self, cause: str, grace: float, now: float) -> None:
        """Send TERM to everything now, KILL after `grace` seconds. The first cause stays."""
        if self.cause is None and self._status is None:
            self.cause = cause
        if grace > 0:
            self.process.terminate()
        self._schedule_kill(now, grace)

    def _exceed(self, breach: Breach) -> None:
        self._breach = breach
        self.stop("limit", 0, boot_seconds())

    def tick(self, now: float) -> None:
        """Do what is due."""
        if now >= self._flush_at:
            self._flush_at = inf
            self._write(self._masker.release())
        if self.cause is None and self._status is None:
            if now >= self._clock.ends_at:
                self.stop("timeout", self._timeout_grace, now)
            elif breach := self._limit_watch.poll(now):
                self._exceed(breach)
            else:
                self._cpu.poll(now)
        elif now >= self._sweep_at:
            self._sweep(now)

    def resume_clock(self) -> None:
        """Resume the clock, because the command no longer waits for an answer."""
        self._clock.resume(boot_seconds())

    def _stage_processes(self) -> list[processes.Process]:
        own = self.proxy and self.proxy.pid  # doesn't count as the stage's usage
        return [each for each in processes.descendants(os.getpid()) if each.pid != own]

    def start_shell(self, directory: str, selector: BaseSelector, offset: int) -> ShellRun:
        """Start a shell in the stage's sandbox. Raises OSError, Refusal."""
        if self.cause is not None or self._status is not None:
            raise Refusal("idle", "the stage is ending")
        if self._command.room and self.process.failure != "":
            raise Refusal("starting", "the stage is starting")

        def enter() -> None:
            self._limit_watch.enter()
            if self._command.room:
                join_sandbox(self.process.pid, has_own_network=self.proxy is not None)

        return ShellRun(directory, selector, self._command, enter, self._masker, offset)

    def close(self) -> None:
        """Close the descriptors once nobody waits for them."""
        self.process.close()
        self._close_connections()

    def _create_handles(self, command: StageCommand) -> dict[int, int]:
        """Return descriptors by their numbers in the sandbox's init or command. Raises OSError."""
        handed = {}
        if proxy := _create_proxy(command):
            self.proxy, handed[init.PROXY_FD] = proxy, proxy.sandbox_fd
        if command.channel:
            self.channel = Channel(self._handle_message)
            handed[init.CHANNEL_FD] = self.channel.peer_fd
        return handed

    def _close_child_ends(self) -> None:
        for given in (self.proxy, self.channel):
            if given:
                given.close_sandbox_fd()

    def _close_connections(self) -> None:
        if self.proxy:
            self.proxy.kill()
        if self.channel:
            self.channel.close()

    def _handle_message(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a channel message. Raises ValueError, and the errors of `store`."""
        match message:
            case {"entry": raw_entry}:
                return self._entries.add(raw_entry)
            case {"update": raw_entry}:
                return self._entries.update(raw_entry)
            case {"delta": delta}:
                self._deltas.feed(delta, boot_seconds())
                return {"ok": True}
            case {"facts": facts}:
                self.facts = merge_facts(self.facts, facts, self._masker)
                return {"ok": True}
            case {"reply": reply}:
                return self._entries.reply(reply)
            case {"ask": request}:
                return {"ok": self._handle_question(request, boot_seconds())}
            case {"denied": _}:  # by the runner, without asking
                return {"ok": self._permissions.add()}
        return {"ok": self._handle_mail(message)}

    def _handle_question(self, request: Any, now: float) -> int:
        """Return the question's number; pauses the clock until there is an answer."""
        if request is None:
            self._clock.resume(now)
            return self._open_question(None, now)
        asked = parse_question(request, self._masker)
        if asked.permission is not None:
            self._permissions.add()
        number = self._open_question(asked, now)
        self._clock.pause(now)
        return number

    def _write_masked(self, output: bytes) -> None:
        self._write(self._masker.feed(output))
        self._flush_at = boot_seconds() + _FLUSH_DELAY_SECONDS if self._masker.can_release else inf

    def _drain_terminal(self) -> None:
        """Read the terminal's buffer once; no more, because a process may keep writing."""
        taken = 0
        while taken < _MAX_DRAIN_BYTES:
            output, over = self.process.read_output()
            if output:
                self._write_masked(output)
                taken += len(output)
            if over or not output:
                break

    def _schedule_kill(self, now: float, grace: float) -> None:
        self._kill_at = min(self._kill_at, now + grace)
        self._sweep_at = now

    def _sweep(self, now: float) -> None:
        if self._status is None and now < self._kill_at:
            if self._limit_watch.poll(now) is None:
                # Or sooner, if the leader exits.
                self._sweep_at = min(self._kill_at, self._limit_watch.next_poll_at())
                return
            self._kill_at = now  # a stage that must end must not use up the machine
        self._sweep_at = now + _SWEEP_SECONDS
        left = self._stage_processes()
        if self._status is not None and not left:
            self._finish("")
        elif now >= self._give_up_at:
            self._finish(f"{len(left)} processes don't die")
        elif now >= self._kill_at:
            # Counted from the first KILL: we may have been frozen when it was due.
            self._give_up_at = min(self._give_up_at, now + _KILL_RETRY_SECONDS)
            self._limit_watch.kill()
            self.process.kill_group()
            processes.kill(left)

    def _finish(self, remark: str) -> None:
        if self.channel:
            self.channel.receive_rest()
        self._drain_output()
        self._entries.stop_running()
        reap_children()
        how, code, message = self._exit_fields()
        self._limit_watch.close()
        self.stage_exit = StageExit(
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

    def _exit_fields(self) -> tuple[str, int, str]:
        is_stopped = self.cause is not None
        failure, reported_status = self.process.final_status(self._status, stopped=is_stopped)
        status = reported_status or 0
        code = status if status >= 0 else 128 - status
        # Before the sandbox's missing report: the kernel may have killed it without a message.
        if self.cause in (None, "limit") and not self.process.failure:
            breach = self._breach or self._limit_watch.final_breach(ended_badly=status != 0)
            if breach:
                return "limit", code, f"{breach.code} {breach.message}"
        if failure:
            number, _, message = failure.partition(" ")
            return "failed", int(number), message
        if self.cause:
            return self.cause, code, ""
        return ("exit", status, "") if status >= 0 else ("signal", -status, "")

    def _drain_output(self) -> None:
        """Read the rest of the output. A process out of reach may keep the terminal open."""
        self.process.close_slave()
        self._drain_terminal()
        self._write(self._masker.flush())


def _create_proxy(command: StageCommand) -> ProxyProcess | None:
    """Start the proxy. Raises OSError."""
    if command.network is None or not command.room:
        return None
    try:
        return ProxyProcess(command.network)
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from error
