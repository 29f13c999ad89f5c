"""Run everything that a change must pass, and print a table of it; `.ci/run` starts it.

First `make check`, the quick start as a newcomer, what `make bring` installs and the tests that the
newcomer had to skip; then the heavy suites that this tree needs. See docs/decisions/0081 and 0082.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import suites

# When a matching line starts to count as enough.
LATE_SECONDS = 70 * 60
# A step that takes longer is interrupted; pytest then prints the tests that have failed by then.
STEP_SECONDS = 30 * 60
KILL_SECONDS = 60
TIMED_OUT = (124, 137)
FAILED_TESTS = Path(".pytest_cache/v/cache/lastfailed")
AGAIN = (".venv/bin/python", ".ci/again")


@dataclass(frozen=True)
class Step:
    """`is_required` if nothing after it makes sense without it; `is_pytest` if .ci/again helps."""

    name: str
    command: tuple[str, ...]
    is_required: bool = False
    is_pytest: bool = False
    reason: str = "always"


FIRST = (
    Step("check", ("make", "check"), is_required=True),
    Step("newcomer", ("tests/newcomer",)),
    Step("bring", ("make", "bring"), is_required=True),
    Step("skipped", ("make", "skipped"), is_pytest=True),
)


@dataclass(frozen=True)
class Result:
    name: str
    seconds: float | None  # None: it didn't run
    outcome: str
    reason: str


@dataclass
class Run:
    """`execute` runs a command and returns its exit status; `now` is in seconds since the start."""

    execute: Callable[[Sequence[str]], int]
    now: Callable[[], float]
    results: list[Result] = field(default_factory=list)
    has_failed: bool = False
    blocked_by: str = ""

    def run_all(self, choices: Sequence[suites.Choice]) -> None:
        for step in FIRST:
            self.run_step(step)
        due = [choice for choice in choices if choice.is_due]
        for target in dict.fromkeys(choice.suite.target for choice in due):
            self.run_target(target, [choice for choice in due if choice.suite.target == target])
        for choice in choices:
            if not choice.is_due:
                self.results.append(Result(choice.suite.name, None, "not run", choice.reason))

    def run_target(self, target: str, choices: Sequence[suites.Choice]) -> None:
        """Run suites by one `make`, without those for which a line is enough by now."""
        if self.now() >= LATE_SECONDS:
            late = [choice for choice in choices if choice.is_matching]
            choices = [choice for choice in choices if not choice.is_matching]
            minutes = LATE_SECONDS // 60
            for choice in late:
                reason = f"after {minutes} min; its line matches: {choice.suite.name} {choice.hash}"
                self.results.append(Result(choice.suite.name, None, "left out", reason))
        names = [choice.suite.name for choice in choices]
        if names:
            reasons = dict.fromkeys(choice.reason for choice in choices)
            step = Step(
                " ".join(names),
                make_command(target, names),
                is_pytest=True,
                reason="; ".join(reasons),
            )
            self.run_step(step)

    def run_step(self, step: Step) -> None:
        if self.blocked_by:
            self.results.append(Result(step.name, None, "not run", f"{self.blocked_by} failed"))
            return
        print(f"\n==== {step.name}: {' '.join(step.command)} ({step.reason})", flush=True)
        FAILED_TESTS.unlink(missing_ok=True)
        started = self.now()
        try:
            outcome = describe(self.execute(step.command))
        except KeyboardInterrupt:
            elapsed = self.now() - started
            self.results.append(Result(step.name, elapsed, "interrupted", step.reason))
            raise
        if outcome.startswith("failed") and step.is_pytest and FAILED_TESTS.exists():
            again = self.execute(AGAIN)
            outcome = "passed at the second try: FLAKY" if again == 0 else outcome
        self.results.append(Result(step.name, self.now() - started, outcome, step.reason))
        if not outcome.startswith("passed"):
            self.has_failed = True
            self.blocked_by = step.name if step.is_required else ""


def make_command(target: str, names: Sequence[str]) -> tuple[str, ...]:
    """`make sso`; or `make others OTHERS="sso rogues"`, for some of those that run together."""
    if list(names) == [target] or len(names) == 1:
        return ("make", names[0])
    return ("make", target, f"{target.upper()}={' '.join(names)}")


def describe(status: int) -> str:
    if status == 0:
        return "passed"
    if status in TIMED_OUT:
        return f"interrupted after {STEP_SECONDS // 60} min"
    return f"failed: exit {status}"


def draw_table(results: Sequence[Result]) -> str:
    rows = [("step", "min:s", "result", "reason")]
    for result in results:
        seconds = (
            "-" if result.seconds is None else "{}:{:02}".format(*divmod(round(result.seconds), 60))
        )
        rows.append((result.name, seconds, result.outcome, result.reason))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{name:{widths[0]}}  {seconds:>{widths[1]}}  {outcome:{widths[2]}}  {reason}"
        for name, seconds, outcome, reason in rows
    )


def execute(command: Sequence[str]) -> int:
    limits = ("timeout", "--signal=INT", f"--kill-after={KILL_SECONDS}", str(STEP_SECONDS))
    process = subprocess.Popen([*limits, *command], stdin=subprocess.DEVNULL)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    signal.signal(signal.SIGTERM, interrupt)
    # A shell that runs this in the background ignores Ctrl-C, and so would every step.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    started = time.monotonic()
    run = Run(execute, lambda: time.monotonic() - started)
    try:
        run.run_all(suites.plan())
    except KeyboardInterrupt:
        run.has_failed = True
        print("\nInterrupted; the steps until then:")
    print(f"\n{draw_table(run.results)}")
    print(f"{'FAILED' if run.has_failed else 'Passed'} after {round(run.now() / 60)} min")
    return int(run.has_failed)


if __name__ == "__main__":
    sys.exit(main())
