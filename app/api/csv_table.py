"""CSV for spreadsheets: RFC 4180, with no cell that they would evaluate."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain

CONTENT_TYPE = "text/csv"
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")


def render_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the table as text. None is an empty cell; text that looks like a formula gets an
    apostrophe.
    """
    return "".join(render_rows(head, rows))


def render_rows(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the header, then each row."""
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
