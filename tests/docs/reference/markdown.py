"""Tables, links and paragraphs of the generated page."""

import re
import textwrap
from collections.abc import Iterable, Sequence

from tests.docs.citations import slug

WIDTH = 115
LINE_BREAK = "<br>"

_PLAIN_WORD = re.compile(r"[a-z]+'?[a-z]*(?=[ ,;.]|$)")  # neither a name of a field nor a URL
_ENDS = (".", "!", "?", "…", ".)")


def format_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table. In its cells line breaks, pipes and what HTML would take for a tag are escaped."""
    lines = [_format_row(head), "|".join(["", *["---"] * len(head), ""])]
    return "\n".join([*lines, *(_format_row(row) for row in rows)])


def _format_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_escape(cell) for cell in cells)} |"


def _escape(cell: str) -> str:
    parts = re.split(r"(`[^`]*`)", " ".join(cell.split()))
    return "".join(
        part if part.startswith("`") else re.sub(f"<(?!{LINE_BREAK[1:]})", r"\<", part)
        for part in parts
    ).replace("|", r"\|")


def format_paragraph(text: str) -> str:
    """A text in lines as long as those of the other pages."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def format_code(words: Iterable[str]) -> str:
    """Each word as code, in the given order."""
    return " ".join(f"`{word}`" for word in words)


def join_blocks(*blocks: str) -> str:
    """The blocks that aren't empty, with an empty line between two."""
    return "\n\n".join(block for block in blocks if block)


def link_schema(name: str) -> str:
    return f"[{name}](#{schema_anchor(name)})"


def schema_anchor(name: str) -> str:
    """The anchor of a schema's heading; `Settings` heads a section before it heads a schema."""
    return f"{slug(name)}-1" if name == "Settings" else slug(name)


def format_sentence(text: str) -> str:
    """A text with a capital letter and a full stop."""
    text = " ".join(text.split())
    if _PLAIN_WORD.match(text):
        text = text[0].upper() + text[1:]
    return text if not text or text.endswith(_ENDS) else f"{text}."
