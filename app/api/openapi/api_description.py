"""The API's description, built on first use, then cached."""

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any

from flask import Flask

from app.api.openapi import html_page
from app.api.openapi.document import complete_document
from app.api.openapi.problem_responses import Statuses


class ApiDescription:
    """The description of one app's API. `gather` returns flask-smorest's part."""

    def __init__(
        self, app: Flask, gather: Callable[[], dict[str, Any]], statuses: Statuses
    ) -> None:
        self._app, self._gather, self._statuses = app, gather, statuses

    @cached_property
    def document(self) -> dict[str, Any]:
        return complete_document(self._app, self._gather(), self._statuses)

    @cached_property
    def json(self) -> str:
        return json.dumps(self.document, ensure_ascii=False, indent=1)

    @cached_property
    def page(self) -> str:
        return html_page.render_page(self.document)
