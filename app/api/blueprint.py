"""flask-smorest's Blueprint with a parser that no body can crash, and with documented problems."""

import json
from typing import Any

import flask
import flask_smorest
from webargs.flaskparser import FlaskParser


class _Parser(FlaskParser):
    def _raw_load_json(self, req: flask.Request) -> Any:
        try:
            return super()._raw_load_json(req)
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            # A number of five thousand digits, or brackets a thousand deep. (With an empty
            # document, webargs would treat the body as missing.)
            raise json.JSONDecodeError("out of bounds", "…", 0) from error


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """The blueprint of all routes of the API."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_problems_doc)

    def arguments(self, schema: Any, **kwargs: Any) -> Any:
        """Like flask-smorest's, but the schema is created once, not per request."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **kwargs)

    @staticmethod
    def remember_problems(view: Any, kinds: tuple[Any, ...]) -> None:
        view._apidoc = {**getattr(view, "_apidoc", {}), "problems": kinds}

    @staticmethod
    def _prepare_problems_doc(doc: dict[str, Any], known: dict[str, Any], **_: Any) -> Any:
        return {**doc, "x-problems": known.get("problems", ())}
