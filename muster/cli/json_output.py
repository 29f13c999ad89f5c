"""JSON for scripts."""

import json
import sys
from collections.abc import Iterable

from muster.cli import raw_output, text_format
from muster.cli.errors import BadUsage


def run_jq(program: str, value: object) -> Iterable[str]:
    """Return a jq program's results as lines. Raises BadUsage.

    Strings are printed raw, as by `jq -r`, but on a terminal without control sequences.
    """
    import jq

    try:
        found = jq.compile(program).input_value(value).all()
    except ValueError as error:
        raise BadUsage(f"jq: {error}") from error
    return [
        raw_output.sanitize_for_terminal(item) if isinstance(item, str) else format_json(item, None)
        for item in found
    ]


def to_json(value: object) -> str:
    """Encode as JSON on one line, without escaping non-ASCII text."""
    return json.dumps(value, ensure_ascii=False)


def format_json(value: object, indent: int | None = 2) -> str:
    """Encode as JSON: on a terminal indented, with escapes for control and invisible characters;
    in a pipe unchanged."""
    if not sys.stdout.isatty():
        return to_json(value)
    return text_format.escape_json(json.dumps(value, ensure_ascii=False, indent=indent))
