"""JSON as it is sent: in UTF-8, which is half of the bytes where people write in other letters."""

import re
from typing import Any

from flask.json.provider import DefaultJSONProvider

_SURROGATES = re.compile("[\ud800-\udfff]")


class JsonProvider(DefaultJSONProvider):
    """The app's JSON. A half of a surrogate pair, which a request has sent and an error quotes, is
    no letter: it is escaped, and with it all others.
    """

    ensure_ascii = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        text = super().dumps(obj, **kwargs)
        if not text.isascii() and _SURROGATES.search(text):
            return super().dumps(obj, **{**kwargs, "ensure_ascii": True})
        return text
