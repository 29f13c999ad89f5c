"""Keystrokes and floods, in turns."""

import statistics
from collections.abc import Callable
from pathlib import Path

from bench.command import Print
from bench.figures import Blocks, Figure, Ratio, Report, flat, latency, percentile
from bench.terminals import bare, viewer_client
from bench.terminals.bare_relay import BareRelay
from bench.terminals.muster import Muster
from bench.terminals.terminado import Terminado

MAX_ECHO_RATIO, MAX_TAIL_RATIO, MIN_FLOOD_RATIO = 1.5, 5.0, 0.7
_WARM = 20
_MUSTER, _RELAY, _TERMINADO = "Muster", "bare relay over a Valkey stream", "terminado"
_SPOOL = "bare PTY, masked and spooled"


def _viewers(
    terminal: str, muster: Muster, relay: BareRelay, terminado: Terminado | None
) -> dict[str, viewer_client.Viewer]:
    found: dict[str, viewer_client.Viewer] = {
        _RELAY: relay.first(terminal),
        _MUSTER: muster.open(terminal),
    }
    if terminado is not None:
        found[_TERMINADO] = terminado.open(terminal)
    for viewer in found.values():
        viewer.read()  # the existing output
    return found


def echo(
    muster: Muster,
    relay: BareRelay,
    terminado: Terminado | None,
    rounds: int,
    keys: int,
    say: Print,
) -> list[Figure]:
    """Measure from a key to its echo, one key after the other."""
    viewers = _viewers("echo", muster, relay, terminado)
    for viewer in viewers.values():
        viewer_client.keystrokes(viewer, _WARM)
    blocks: dict[str, list[list[float]]] = {name: [] for name in viewers}
    for number in range(1, rounds + 1):
        for name, viewer in viewers.items():
            blocks[name].append(viewer_client.keystrokes(viewer, keys))
            median = statistics.median(blocks[name][-1]) * 1000
            say(f"echo, round {number} of {rounds}: {name}, {median:.2f} ms")
    for name, viewer in viewers.items():
        if name != _RELAY:
            viewer.close()
    return [
        _compared(blocks, _RELAY, MAX_ECHO_RATIO),
        *([_compared(blocks, _TERMINADO)] if terminado is not None else []),
        _tail(blocks[_MUSTER]),
        latency(f"the same with the {_RELAY}", blocks[_RELAY]),
    ]


def _compared(blocks: dict[str, list[list[float]]], name: str, bar: float | None = None) -> Figure:
    return latency(
        "keystroke → echo",
        blocks[_MUSTER],
        beside=name,
        beside_value=statistics.median(flat(blocks[name])) * 1000,
        ratio=Ratio.from_blocks(blocks[_MUSTER], blocks[name]),
        max_ratio=bar,
    )


def _tail(blocks: Blocks) -> Figure:
    tails = [percentile(block, 99) / statistics.median(block) for block in blocks]
    whole = percentile(flat(blocks), 99) / statistics.median(flat(blocks))
    return Figure(
        "keystroke → echo, p99",
        percentile(flat(blocks), 99) * 1000,
        "ms",
        beside="its own p50",
        beside_value=statistics.median(flat(blocks)) * 1000,
        ratio=Ratio(whole, min(tails), max(tails)),
        max_ratio=MAX_TAIL_RATIO,
    )


def flood(
    muster: Muster,
    relay: BareRelay,
    terminado: Terminado | None,
    directory: Path,
    rounds: int,
    size: int,
    report: Report,
    say: Print,
) -> list[Figure]:
    """Measure a flood to one viewer who reads everything."""
    viewers = _viewers("flood", muster, relay, terminado)
    ways: dict[str, Callable[[], float]] = {_SPOOL: lambda: bare.spooled(directory, size)}
    for name, viewer in viewers.items():
        ways[name] = lambda viewer=viewer: viewer_client.flood(viewer, size)  # type: ignore[misc]
    rates: dict[str, list[list[float]]] = {name: [] for name in ways}
    for number in range(1, rounds + 1):
        for name, way in ways.items():
            rates[name].append([way()])
            say(f"flood, round {number} of {rounds}: {name}, {rates[name][-1][0]:.1f} MB/s")
    for name, viewer in viewers.items():
        if name != _RELAY:
            viewer.close()
    skipped = getattr(viewers[_MUSTER], "skipped", 0)
    share = skipped / (rounds * size)
    report.notes += [f"In its floods, gaps were {share:.0%} for Muster's viewer.", ""]
    slowest = [[min(rates[_SPOOL][n][0], rates[_RELAY][n][0])] for n in range(rounds)]
    rates["the slower one of its bare parts"] = slowest
    return [
        _rate(rates, "the slower one of its bare parts", MIN_FLOOD_RATIO),
        *(_rate(rates, name) for name in ways if name != _MUSTER),
    ]


def _rate(rates: dict[str, list[list[float]]], name: str, bar: float | None = None) -> Figure:
    return Figure(
        "flood to one viewer",
        statistics.median(flat(rates[_MUSTER])),
        "MB/s",
        beside=name,
        beside_value=statistics.median(flat(rates[name])),
        ratio=Ratio.from_blocks(rates[_MUSTER], rates[name]),
        min_ratio=bar,
    )
