"""Checks and their findings."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

Checked = TypeVar("Checked")


class Finding(NamedTuple):
    """The result of a check. `advice` says what to do; it is empty if all is well.

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
    """The findings of the checks on `asked`. A check that raises gives a finding, too."""
    for name, check in checks:
        try:
            yield check(asked)
        except Exception as error:
            # The exception's message may quote a secret; its class does not.
            text = f"could not be looked at ({type(error).__name__})"
            yield Finding(name, text, "mend what is wrong above, then look again")


def skip_checks(checks: Iterable[tuple[str, Check[Checked]]], away: str) -> Iterator[Finding]:
    """A finding for each check that cannot run because the service `away` is away."""
    for name, _ in checks:
        yield Finding(name, f"not known while {away} is away", f"bring {away} back first")
