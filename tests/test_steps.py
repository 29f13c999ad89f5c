"""The steps of a CI run: in which order, what a failure means, and the table at its end."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import steps
import suites

SSO, ROGUES = (suites.Suite(name, (), "others") for name in ("sso", "rogues"))
INSTALL = suites.Suite("install", (), "install")


class Clock:
    """Each command takes its time, and ends with its status."""

    def __init__(self, statuses: Mapping[str, int] = {}, minutes: float = 1) -> None:
        self.statuses, self.minutes = statuses, minutes
        self.seconds = 0.0
        self.commands: list[str] = []

    def execute(self, command: Sequence[str]) -> int:
        self.commands.append(" ".join(command))
        self.seconds += self.minutes * 60
        return self.statuses.get(self.commands[-1], 0)

    def now(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def choice(suite: suites.Suite, *, is_matching: bool = False, is_due: bool = True) -> suites.Choice:
    return suites.Choice(suite, "1234", is_matching, is_due, "a reason")


def run(clock: Clock, *choices: suites.Choice) -> steps.Run:
    made = steps.Run(clock.execute, clock.now)
    made.run_all(choices)
    return made


FIRST = ["make check", "tests/newcomer", "make bring", "make skipped"]


def test_the_test_suite_runs_once_as_a_newcomer_and_then_what_it_skipped() -> None:
    clock = Clock()
    made = run(clock, choice(INSTALL), choice(SSO, is_matching=True, is_due=False))
    assert clock.commands == [*FIRST, "make install"]
    assert not made.has_failed
    assert steps.draw_table(made.results).splitlines()[-2:] == [
        "install    1:00  passed   a reason",
        "sso           -  not run  a reason",
    ]


def test_suites_of_one_target_run_beside_each_other() -> None:
    clock = Clock()
    run(clock, choice(SSO), choice(INSTALL), choice(ROGUES))
    assert clock.commands[4:] == ["make others OTHERS=sso rogues", "make install"]
    clock = Clock()
    run(clock, choice(ROGUES))
    assert clock.commands[4:] == ["make rogues"]


def test_after_70_minutes_only_suites_without_a_matching_line_start() -> None:
    clock = Clock(minutes=18)
    made = run(
        clock, choice(SSO, is_matching=True), choice(ROGUES), choice(INSTALL, is_matching=True)
    )
    assert clock.commands[4:] == ["make rogues"]
    left_out = [result for result in made.results if result.outcome == "left out"]
    assert [result.name for result in left_out] == ["sso", "install"]
    assert left_out[0].reason == "after 70 min; its line matches: sso 1234"
    assert not made.has_failed


@pytest.mark.parametrize("command", ["tests/newcomer", "make skipped", "make install"])
def test_a_failure_fails_the_run_and_the_rest_runs_nevertheless(command: str) -> None:
    clock = Clock({command: 2})
    made = run(clock, choice(INSTALL), choice(SSO))
    assert made.has_failed
    assert clock.commands == [*FIRST, "make install", "make sso"]
    [failed] = [result for result in made.results if result.outcome != "passed"]
    assert failed.outcome == "failed: exit 2"


@pytest.mark.parametrize(("command", "count"), [("make check", 1), ("make bring", 3)])
def test_nothing_runs_after_a_step_that_all_others_need(command: str, count: int) -> None:
    clock = Clock({command: 2})
    made = run(clock, choice(INSTALL))
    assert made.has_failed
    assert clock.commands == FIRST[:count]
    assert made.results[-1] == steps.Result(
        "install", None, "not run", f"{command.split()[1]} failed"
    )


AGAIN = ".venv/bin/python .ci/again"


class Pytest(Clock):
    """`make install` has failing tests, and leaves their names."""

    def execute(self, command: Sequence[str]) -> int:
        if command[1:] == ("install",):
            steps.FAILED_TESTS.parent.mkdir(parents=True, exist_ok=True)
            steps.FAILED_TESTS.touch()
        return super().execute(command)


@pytest.mark.parametrize(
    ("again", "outcome"), [(0, "passed at the second try: FLAKY"), (1, "failed: exit 2")]
)
def test_failed_tests_run_once_more(again: int, outcome: str) -> None:
    clock = Pytest({"make install": 2, "make sso": 2, AGAIN: again})
    made = run(clock, choice(INSTALL), choice(SSO))
    assert clock.commands[4:] == ["make install", AGAIN, "make sso"]
    assert [result.outcome for result in made.results[4:]] == [outcome, "failed: exit 2"]
    assert made.has_failed


def test_a_suite_that_was_interrupted_has_failed_whatever_its_failed_tests_do() -> None:
    clock = Pytest({"make install": 124})
    made = run(clock, choice(INSTALL))
    assert AGAIN not in clock.commands
    assert made.results[-1].outcome == "interrupted after 30 min"
    assert made.has_failed


def test_an_interrupted_run_shows_the_step_that_it_was_at() -> None:
    class Interrupted(Clock):
        def execute(self, command: Sequence[str]) -> int:
            if super().execute(command):
                raise KeyboardInterrupt
            return 0

    clock = Interrupted({"make bring": 1})
    made = steps.Run(clock.execute, clock.now)
    with pytest.raises(KeyboardInterrupt):
        made.run_all([choice(INSTALL)])
    outcomes = [(result.name, result.outcome) for result in made.results]
    assert outcomes[1:] == [("newcomer", "passed"), ("bring", "interrupted")]


def test_a_command_is_interrupted_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 1)
    assert steps.execute(["sleep", "60"]) == 124
    assert steps.execute(["sh", "-c", "exit 3"]) == 3
