"""How soon a new viewer has the right screen, and whether that grows with the history."""

import statistics

from bench.command import Print
from bench.errors import NotMeasured
from bench.figures import Figure, Ratio, Report, flat, latency
from bench.terminals import shells, viewer_client
from bench.terminals.muster import Attach, Muster
from bench.terminals.terminado import Terminado

MAX_FIRST_BYTE_RATIO, MAX_GROWTH = 2.0, 1.2
SHORT = 2 << 20
_BLOCKS = 5
_MARK = b"FLOOD-"
_FILLED = 0.99  # minimum fraction of the history that an old terminal has


def measure(
    muster: Muster,
    terminado: Terminado | None,
    attaches: int,
    history: int,
    report: Report,
    say: Print,
) -> list[Figure]:
    """Compare terminals with a short and a long history, in turns. Raises NotMeasured."""
    peer = _Peer(terminado) if terminado is not None else None
    for terminal, size in (("short", SHORT), ("long", history)):
        say(f"attach: printing a history of {size:,} bytes")
        muster.start(terminal, shells.FLOOD)
        _print(muster, terminal, size)
    short, long, first = _in_turns(muster, peer, attaches, say)
    report.notes += ["Attaching is timed from dialing, “asked” from POST pty-token.", ""]
    return _figures(short, long, first, history)


class _Peer:
    """A terminado terminal, which replays its stored history."""

    def __init__(self, terminado: Terminado) -> None:
        self._terminado = terminado
        viewer = terminado.open("flood")
        viewer.read()  # the existing output
        viewer_client.flood(viewer, SHORT)
        viewer.close()

    def attach(self) -> float:
        return self._terminado.attach("flood")


def _print(muster: Muster, terminal: str, size: int) -> None:
    viewer = muster.open(terminal)
    viewer.read()  # the existing output
    viewer_client.flood(viewer, size)
    viewer.close()
    if viewer.ready is None or viewer.skipped + viewer.came < size * _FILLED:
        raise NotMeasured(f"{terminal}: the history is incomplete")


def _in_turns(
    muster: Muster, peer: _Peer | None, attaches: int, say: Print
) -> tuple[list[list[Attach]], list[list[Attach]], list[list[float]]]:
    short: list[list[Attach]] = []
    long: list[list[Attach]] = []
    first: list[list[float]] = []
    for number in range(1, _BLOCKS + 1):
        for blocks in (short, long, first):
            blocks.append([])
        for _ in range(attaches):
            short[-1].append(muster.attach("short", _MARK))
            long[-1].append(muster.attach("long", _MARK))
            if peer is not None:
                first[-1].append(peer.attach())
        median = statistics.median(a.dialled for a in long[-1]) * 1000
        say(f"attach, round {number} of {_BLOCKS}: {median:.1f} ms")
    return short, long, first if peer is not None else []


def _figures(
    short: list[list[Attach]], long: list[list[Attach]], first: list[list[float]], history: int
) -> list[Figure]:
    brief = [[attach.dialled for attach in block] for block in short]
    deep = [[attach.dialled for attach in block] for block in long]
    asked = [[attach.asked for attach in block] for block in short]
    figures = [
        latency(
            f"attach after {history:,} bytes",
            deep,
            beside=f"after {SHORT:,}",
            beside_value=statistics.median(flat(brief)) * 1000,
            ratio=Ratio.from_blocks(deep, brief),
            max_ratio=MAX_GROWTH,
        )
    ]
    if first:
        beside = {
            "beside": "terminado's first byte",
            "beside_value": statistics.median(flat(first)) * 1000,
        }
        bar = {"ratio": Ratio.from_blocks(brief, first), "max_ratio": MAX_FIRST_BYTE_RATIO}
        figures.append(latency("attach to a right screen", brief, **beside, **bar))
        figures.append(
            latency("attach, asked", asked, **beside, ratio=Ratio.from_blocks(asked, first))
        )
    return figures
