"""Secrets in JSON values: their strings, names and numbers, masked in one go."""

import json
from collections.abc import Iterator
from typing import Any

from muster.worker.masking.masker import MASK, Masker

_DEEPEST = 32  # objects and lists within one another
_BETWEEN = "\0"  # no environment holds it, and so no secret
_ELLIPSIS = "…"


def masked(masker: Masker, value: Any, *, is_cut: bool = False) -> Any:
    """The value, with each secret in it replaced, and what no UTF-8 holds; a number in which one
    was is a string then. The strings of a value that `is_cut`, and those that end with an ellipsis,
    may end within a secret.

    Raises ValueError for what is nested too deeply, or cannot be masked for sure.
    """
    if not (texts := list(_texts(value, _DEEPEST))):
        return value
    whole = _BETWEEN.join(texts)
    shown = masker.whole(_bytes(whole)).decode(errors="replace").split(_BETWEEN)
    if len(shown) != len(texts):
        raise ValueError("it cannot be masked")
    cut = (is_cut or text.endswith(_ELLIPSIS) for text in shown)
    shown = [_ended(masker, text) if ends else text for text, ends in zip(shown, cut, strict=True)]
    return _rebuilt(value, iter(shown))


def _texts(value: Any, depth: int) -> Iterator[str]:
    """All that there is to read in it, in the order in which `_rebuilt` takes it."""
    if not depth:
        raise ValueError("it is nested too deeply")
    if isinstance(value, str):
        yield value.replace(_BETWEEN, "\ufffd")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name.replace(_BETWEEN, "\ufffd")
            yield from _texts(each, depth - 1)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, depth - 1)
    elif _is_number(value):
        yield json.dumps(value)


def _rebuilt(value: Any, shown: Iterator[str]) -> Any:
    if isinstance(value, str):
        return next(shown)
    if isinstance(value, dict):
        # The name comes first, for Python looks at a pair in that order.
        return {next(shown): _rebuilt(each, shown) for each in value.values()}
    if isinstance(value, list):
        return [_rebuilt(each, shown) for each in value]
    if _is_number(value):
        text = next(shown)
        return value if text == json.dumps(value) else text
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ended(masker: Masker, text: str) -> str:
    """Without the beginning of a secret at its end, which would not be known for one."""
    kept = text.removesuffix(_ELLIPSIS)
    if kept.endswith(MASK.decode()):
        return text
    ended = masker.whole(kept.encode(), is_cut=True).decode(errors="replace")
    return ended + text[len(kept) :]


def _bytes(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="replace")
