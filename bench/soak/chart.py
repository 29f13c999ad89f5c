"""A soak as an SVG: one small chart for each line, those that grow first."""

from collections.abc import Sequence
from html import escape

from bench.soak.phases import LIFE, Record
from bench.soak.verdicts import Verdict

_COLUMNS, _WIDTH, _HEIGHT = 4, 300, 110
_LEFT, _TOP, _PLOT_WIDTH, _PLOT_HEIGHT = 10, 34, 280, 62
_STYLE = (
    "text{font:11px sans-serif;fill:#333}.grows{fill:#c0172a;font-weight:bold}"
    ".phase{fill:#eef3f8}.line{fill:none;stroke:#1f5fa8;stroke-width:1.3}"
    ".line.bad{stroke:#c0172a}.axis{stroke:#bbb}"
)


def draw(record: Record, verdicts: Sequence[Verdict]) -> str:
    """Draw the charts: the load's time shaded, each from 0, so that flat lines look flat."""
    ordered = sorted(verdicts, key=lambda verdict: not verdict.grows)
    rows = -(-len(ordered) // _COLUMNS)
    size = f'width="{_COLUMNS * _WIDTH}" height="{rows * _HEIGHT}"'
    charts = [_chart(record, verdict, n) for n, verdict in enumerate(ordered)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{_STYLE}</style>'
    return "\n".join([head, *charts, "</svg>\n"])


def _chart(record: Record, verdict: Verdict, number: int) -> str:
    points = record.points(verdict.line)
    begin, end = points[0][0], points[-1][0]
    most = max(value for _, value in points) or 1.0

    def x(at: float) -> float:
        return _LEFT + _PLOT_WIDTH * (at - begin) / ((end - begin) or 1.0)

    def y(value: float) -> float:
        return _TOP + _PLOT_HEIGHT * (1 - value / most)

    left, top = number % _COLUMNS * _WIDTH, number // _COLUMNS * _HEIGHT
    path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points)
    shades = [
        f'<rect class="phase" x="{x(a):.1f}" y="{_TOP}" width="{x(b) - x(a):.1f}" '
        f'height="{_PLOT_HEIGHT}"/>'
        for phase, a, b in record.spans()
        if phase == LIFE
    ]
    caption = f"{verdict.slope:+,.3g} {verdict.line.unit} a minute, at most {most:,.0f}"
    bad = " bad" if verdict.grows else ""
    return "\n".join([
        f'<g transform="translate({left},{top})">',
        *shades,
        f'<text x="{_LEFT}" y="14" class="{"grows" if verdict.grows else "name"}">'
        f"{escape(verdict.line.name)}</text>",
        f'<text x="{_LEFT}" y="28">{escape(caption)}</text>',
        f'<line class="axis" x1="{_LEFT}" x2="{_LEFT + _PLOT_WIDTH}" y1="{_TOP + _PLOT_HEIGHT}" '
        f'y2="{_TOP + _PLOT_HEIGHT}"/>',
        f'<polyline class="line{bad}" points="{path}"/>',
        "</g>",
    ])  # fmt: skip
