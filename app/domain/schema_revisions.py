"""Which schemas of a database this release can migrate.

A revision is a number. A release's first one is its initial schema; nothing migrates an earlier
schema to it.
"""

from collections.abc import Sequence
from typing import NamedTuple


class SchemaRefusal(NamedTuple):
    """Why a release can't migrate a schema, and what to do."""

    text: str
    advice: str


def find_refusal(revision: str | None, known: Sequence[str]) -> SchemaRefusal | None:
    """Return why a database at `revision` (None: empty) is refused; None if it isn't. `known` are
    the release's revisions, oldest first.
    """
    if revision is None or revision in known:
        return None
    if is_earlier(revision, known):
        return SchemaRefusal(
            f"at {revision}, but this release starts at {known[0]}",
            f"migrate it to {known[0]} with an earlier release, or use a new database",
        )
    span = known[0] if len(known) == 1 else f"{known[0]} to {known[-1]}"
    return SchemaRefusal(
        f"at {revision}, which this release doesn't know (it knows {span})",
        "use the release that migrated the database",
    )


def is_earlier(revision: str, known: Sequence[str]) -> bool:
    """Whether the revision comes before the initial schema."""
    return revision.isdecimal() and int(revision) < int(known[0])
