"""The log over the API is what the stages printed, byte for byte, and what their machine kept."""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.history import History, LogSeen, Run
from tests.chaos.plan import KINDS
from tests.chaos.rules.violation import Violation

# What a killed shim had not yet read from its terminal is lost with it.
SHIM_KILLERS = frozenset({"kill shim", "attempt lost its power"})
_MAX_TERMINAL_BYTES = 256 << 10


def check(history: History) -> Iterator[Violation]:
    runs: dict[tuple[int, int], list[Run]] = defaultdict(list)
    for run in history.runs:
        runs[run.task_id, run.attempt].append(run)
    for whose, log in history.logs.items():
        yield from _judge(history, whose, log, runs.get(whose, []))
    for whose in runs.keys() - history.logs.keys():
        yield Violation("log missing", whose[0], f"attempt {whose[1]} ran, and has no log")


def _judge(
    history: History, whose: tuple[int, int], log: LogSeen, runs: list[Run]
) -> Iterator[Violation]:
    task_id, attempt = whose
    content = history.read(log)
    if log.gaps:
        yield Violation("log gap", task_id, f"attempt {attempt}: {log.gaps}")
        return
    spool = history.spools.get(whose)
    cut = _left_with_its_machine(history, whose, runs)
    kept = content if spool is None else history.read(spool)
    if kept != content and not (cut and kept.startswith(content)):
        text = f"attempt {attempt}: {_difference(content, kept)} kept by its machine"
        yield Violation("log differs from the machine's", task_id, text)
    if _is_agents(history, task_id):
        return  # it shows what its agent says, and how
    if problem := _compare(content, runs, torn=_lost_its_shim(history, whose), cut=cut):
        yield Violation("log differs from what was printed", task_id, f"attempt {attempt}{problem}")


def _compare(content: bytes, runs: list[Run], *, torn: bool, cut: bool) -> str:
    """What is wrong with a log, if anything is.

    `torn`: its last stage may lack some of its end. `cut`: as much of it as there is.
    """
    position = 0
    in_order = sorted(runs, key=lambda run: (run.stage, run.began))
    last = in_order[-1] if in_order else None
    for run in in_order:
        meant = run.printed.read_bytes() if run.printed.exists() else b""
        rest = content[position:]
        found = rest[: len(meant)]
        if run is last:
            found = rest
        if not meant.startswith(found):
            return f", stage {run.stage}: {_difference(found, meant)} printed"
        least = len(meant) if run.exit is not None else run.confirmed
        if cut and run is last:
            least = 0
        if torn and run is last:
            least -= _MAX_TERMINAL_BYTES
        if len(found) < least:
            return f", stage {run.stage}: {len(found)} bytes of at least {least} printed"
        position += len(found)
    extra = len(content) - position
    return f": {extra} bytes that nobody printed" if extra else ""


def _left_with_its_machine(history: History, whose: tuple[int, int], runs: list[Run]) -> bool:
    """Whether its machine was decommissioned before the server took its last stage for finished.

    What such a machine had not sent by then, it was not let in to send any more.
    """
    seen, last = history.tasks.get(whose[0]), max(runs, key=lambda run: run.stage, default=None)
    if seen is None or last is None:
        return False
    is_finished = any(
        (e["type"], e["attempt"], e["stageIndex"]) == ("stage_finished", whose[1], last.stage)
        for e in seen.events
    )
    homes = {m.machine_id: m.home for m in history.retired}
    return not is_finished and any(
        o.verb == "decommission"
        and last.place.startswith(homes.get(o.machine_id, "/?") + "/")
        and last.began <= o.ended
        for o in history.operated
    )


def _is_agents(history: History, task_id: int) -> bool:
    seen = history.tasks.get(task_id)
    return seen is not None and KINDS[seen.task["projectKey"]].is_agents


def _lost_its_shim(history: History, whose: tuple[int, int]) -> bool:
    return any(
        fault.name in SHIM_KILLERS and (fault.task_id, fault.attempt) == whose
        for fault in history.disruptions
    )


def _difference(got: bytes, meant: bytes) -> str:
    pairs = enumerate(zip(got, meant, strict=False))
    at = next((n for n, (g, m) in pairs if g != m), min(len(got), len(meant)))
    return f"{len(got)} bytes, the first difference at {at} from the {len(meant)}"
