"""What a check finds."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

Checked = TypeVar("Checked")


class Finding(NamedTuple):
    """What is the case; `advice` says what to do, and is empty where all is well.

    Neither ever holds a secret.
    """

    name: str
    text: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        return not self.advice


Check = Callable[[Checked], Finding]


def each(checks: Iterable[tuple[str, Check[Checked]]], asked: Checked) -> Iterator[Finding]:
    """What the checks find. One that cannot be carried out is a finding too."""
    for name, check in checks:
        try:
            yield check(asked)
        except Exception as error:
            # Its message may quote what is secret; its kind does not.
            text = f"could not be looked at ({type(error).__name__})"
            yield Finding(name, text, "mend what is wrong above, then look again")


def unknown(checks: Iterable[tuple[str, Check[Checked]]], away: str) -> Iterator[Finding]:
    """The same checks where nobody can be asked."""
    for name, _ in checks:
        yield Finding(name, f"not known while {away} is away", f"bring {away} back first")
