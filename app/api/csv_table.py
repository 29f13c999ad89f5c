"""Tables for spreadsheets: RFC 4180, and no cell that one of them would compute."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain

CONTENT_TYPE = "text/csv"
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")


def render_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as text. None is an empty cell; a text that begins like a formula gets an
    apostrophe before it.
    """
    return "".join(render_rows(head, rows))


def render_rows(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same, head and rows one by one."""
    for row in chain([head], ([_cell(value) for value in row] for row in rows)):
        text = io.StringIO()
        csv.writer(text).writerow(row)
        yield text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA_PREFIXES):
        return f"'{value}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else value
