"""What codes, variables and metrics mean, from `texts.toml`: the code has no text for them."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from tests.docs.reference.markdown import format_paragraph

TEXTS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "texts.toml").read_text())


class Variable(NamedTuple):
    """An environment variable that people may set. `config` is the key in `app.config` of a
    setting's default.
    """

    name: str
    reader: str
    default: str = ""
    config: str | None = None
    text: str = ""


VARIABLES = [Variable(**row) for row in TEXTS["variables"]]


def format_intro(name: str) -> str:
    """The paragraph above a table."""
    return format_paragraph(TEXTS["intros"][name])
