"""Mask secrets in JSON values: strings, names and numbers at once."""

import json
from collections.abc import Iterator
from typing import Any

from muster.worker.masking.masker import MASK, Masker

_MAX_DEPTH = 32  # objects and lists within one another
_SEPARATOR = "\0"  # no environment contains it, so no secret does
_ELLIPSIS = "…"


def mask_value(masker: Masker, value: Any, *, is_cut: bool = False) -> Any:
    """Return the value with each secret replaced, and characters that UTF-8 lacks; a number with a
    secret becomes a string. The strings of a value that `is_cut`, and those that end with an
    ellipsis, may end within a secret.

    Raises ValueError for values that are nested too deeply, or can't be masked reliably.
    """
    if not (texts := list(_iterate_texts(value, _MAX_DEPTH))):
        return value
    whole = _SEPARATOR.join(texts)
    shown = masker.mask_text(_encode(whole)).decode(errors="replace").split(_SEPARATOR)
    if len(shown) != len(texts):
        raise ValueError("it can't be masked")
    cut = (is_cut or text.endswith(_ELLIPSIS) for text in shown)
    shown = [
        _mask_cut_end(masker, text) if ends else text for text, ends in zip(shown, cut, strict=True)
    ]
    return _rebuild(value, iter(shown))


def _iterate_texts(value: Any, depth: int) -> Iterator[str]:
    """Iterate over all texts in it, in the order in which `_rebuild` uses them."""
    if not depth:
        raise ValueError("it is nested too deeply")
    if isinstance(value, str):
        yield value.replace(_SEPARATOR, "\ufffd")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name.replace(_SEPARATOR, "\ufffd")
            yield from _iterate_texts(each, depth - 1)
    elif isinstance(value, list):
        for each in value:
            yield from _iterate_texts(each, depth - 1)
    elif _is_number(value):
        yield json.dumps(value)


def _rebuild(value: Any, shown: Iterator[str]) -> Any:
    if isinstance(value, str):
        return next(shown)
    if isinstance(value, dict):
        # The name comes first, because Python evaluates a pair in that order.
        return {next(shown): _rebuild(each, shown) for each in value.values()}
    if isinstance(value, list):
        return [_rebuild(each, shown) for each in value]
    if _is_number(value):
        text = next(shown)
        return value if text == json.dumps(value) else text
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mask_cut_end(masker: Masker, text: str) -> str:
    """Remove a secret's start at its end, which wouldn't be recognized."""
    kept = text.removesuffix(_ELLIPSIS)
    if kept.endswith(MASK.decode()):
        return text
    ended = masker.mask_text(kept.encode(), is_cut=True).decode(errors="replace")
    return ended + text[len(kept) :]


def _encode(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="replace")
