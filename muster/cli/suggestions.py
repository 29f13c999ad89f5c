"""Suggestions for names that were mistyped."""

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from muster.cli.errors import ApiError, CliError

if TYPE_CHECKING:
    from muster.cli.client import Api

_MIN_SIMILARITY = 0.6
# Paths that name an item of a list, and the field of its items that has the name.
_NAMED_ITEM = re.compile(r"/api/(?:web|admin)/(?P<items>projects|machines)/(?P<name>[^/]+)(?:/.*)?")
_NAME_FIELDS = {"projects": "key", "machines": "name"}


def suggestion(typed: str, known: Iterable[str]) -> str:
    """Return "Did you mean …?" with the most similar known name; empty if none is similar."""
    names = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(typed.casefold(), names, 1, _MIN_SIMILARITY)
    return f"Did you mean {names[found[0]]!r}?" if found else ""


def with_suggestion(text: str, typed: Iterable[str], known: Iterable[str]) -> str:
    """Append a suggestion for each mistyped name to a sentence."""
    names = list(known)
    return " ".join([text, *filter(None, (suggestion(each, names) for each in typed))])


def suggest_for_refusal(refusal: ApiError, api: "Api") -> str:
    """Return a suggestion if the request named a project or a machine that doesn't exist."""
    if refusal.http_status != 404:
        return ""
    found = _NAMED_ITEM.fullmatch(refusal.path)
    if found is None:
        return ""
    items = f"/api/web/{found['items']}"
    return suggest_item(api, items, _NAME_FIELDS[found["items"]], unquote(found["name"]))


def suggest_item(api: "Api", path: str, field: str, typed: str) -> str:
    """Return a suggestion among a list's items; empty if the list can't be read."""
    try:
        names = [str(item.get(field)) for item in api.items(path, 1000)]
    except CliError:
        return ""
    return "" if typed in names else suggestion(typed, names)
