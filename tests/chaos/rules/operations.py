"""What an operator did to a machine is in the audit log, which leads to the machine's state."""

from collections.abc import Iterator

from tests.chaos.history import History, Operated
from tests.chaos.rules.violation import Violation

ACTIONS = {
    "drain": "machine.drained",
    "undrain": "machine.undrained",
    "decommission": "machine.decommissioned",
}
_LEADS_TO = {
    "": ("online", "offline"),
    "machine.drained": ("draining", "drained"),
    "machine.undrained": ("online", "offline"),
    "machine.decommissioned": ("decommissioned",),
}


def check(history: History) -> Iterator[Violation]:
    yield from _counts(history)
    yield from _ends(history)


def _counts(history: History) -> Iterator[Violation]:
    """An acknowledged act has an entry by whoever did it; a try that nobody answered may have."""
    keys = {(o.machine_id, ACTIONS[o.verb], o.by) for o in history.operated}
    entries = [
        (entry.machine_id, entry.action, entry.actor)
        for entry in history.audited
        if entry.action in _LEADS_TO
    ]
    for key in keys | set(entries):
        tries = [o for o in history.operated if (o.machine_id, ACTIONS[o.verb], o.by) == key]
        least, most, found = (
            _acknowledged(tries),
            sum(_may_have(o) for o in tries),
            entries.count(key),
        )
        if not least <= found <= most:
            text = f"{found} entries of {key}, {least} acknowledged, and {most} may have happened"
            yield Violation("operator's audit", 0, text)


def _acknowledged(tries: list[Operated]) -> int:
    """Acts, not tries: what was done by one of which nobody heard is not done again."""
    return len({o.request for o in tries if o.status == 200})


def _may_have(tried: Operated) -> bool:
    return tried.status is None or tried.status == 200 or tried.status >= 500


def _ends(history: History) -> Iterator[Violation]:
    for machine in [*history.machines.values(), *history.retired]:
        mine = [e.action for e in history.audited if e.machine_id == machine.machine_id]
        acts = [action for action in mine if action in _LEADS_TO]
        last = acts[-1] if acts else ""
        if machine.status not in _LEADS_TO[last]:
            text = f"{machine.name} is {machine.status}, and the last entry is {last or 'none'}"
            yield Violation("machine other than its audit", 0, text)
