"""Checks and their findings."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

Checked = TypeVar("Checked")


class Finding(NamedTuple):
    """The result of a check. `advice` says what to do; it's empty without a problem.

    No text contains a secret.
    """

    name: str
    text: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        return not self.advice


Check = Callable[[Checked], Finding]


def run_checks(checks: Iterable[tuple[str, Check[Checked]]], asked: Checked) -> Iterator[Finding]:
    """Yield the findings of the checks. A check that raises gives a finding, too."""
    for name, check in checks:
        try:
            yield check(asked)
        except Exception as error:
            # The exception's message may quote a secret; its class doesn't.
            text = f"couldn't be checked ({type(error).__name__})"
            yield Finding(name, text, "fix the problems above, then check again")


def skip_checks(checks: Iterable[tuple[str, Check[Checked]]], away: str) -> Iterator[Finding]:
    """Yield a finding for each check that can't run because the service `away` is down."""
    for name, _ in checks:
        yield Finding(name, f"unknown while {away} is down", f"start {away} first")
