"""JSON responses in UTF-8, which takes half the bytes for non-Latin text."""

import re
from typing import Any

from flask.json.provider import DefaultJSONProvider

_SURROGATES = re.compile("[\ud800-\udfff]")


class JsonProvider(DefaultJSONProvider):
    """The app's JSON.

    If the text has a lone surrogate, such as from a quoted request, all non-ASCII characters are
    escaped.
    """

    ensure_ascii = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        text = super().dumps(obj, **kwargs)
        if not text.isascii() and _SURROGATES.search(text):
            return super().dumps(obj, **{**kwargs, "ensure_ascii": True})
        return text
