"""The document as an HTML page, which loads no other resources.

Its only script sends the requests that you try. The policy allows this script, by its hash, and
requests to this server.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from app.api.openapi.text_rules import NO_NUL

MEDIA_TYPE = "text/html"
CONTENT_TYPE = f"{MEDIA_TYPE}; charset=utf-8"
_JSON = "application/json"
_TEMPLATES = "templates"
SCRIPT = (Path(__file__).parent / _TEMPLATES / "try_it.js").read_text()
_SCRIPT_HASH = b64encode(sha256(SCRIPT.encode()).digest()).decode()
POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    f"script-src 'sha256-{_SCRIPT_HASH}'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
}
HEADERS = {name: {"required": True, "schema": {"type": "string"}} for name in POLICY}
METHODS = ("get", "post", "put", "delete")


def render_page(document: dict[str, Any]) -> str:
    """Return the complete page."""
    view = View(document)
    page = _templates().get_template("docs.html")
    return page.render(document=document, view=view, script=Markup(SCRIPT))


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("app.api.openapi", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["prose"] = render_prose
    templates.filters["json"] = _json
    return templates


def render_prose(text: str) -> Markup:
    """Return the text as HTML, with the Markdown that our texts use: paragraphs, `code`,
    **bold**.
    """
    paragraphs = [
        re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", _code(part))
        for part in str(escape(text.strip())).split("\n\n")
    ]
    return Markup("".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))


def _code(text: str) -> str:
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


class View:
    """The functions for the page's template."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def tags(self) -> Iterator[tuple[dict[str, str], list[dict[str, Any]]]]:
        """Yield each tag with its operations."""
        for tag in self.document["tags"]:
            yield tag, [one for one in self._operations() if tag["name"] in one["tags"]]

    def _operations(self) -> Iterator[dict[str, Any]]:
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
                    known = {"method": method.upper(), "path": path, "parameters": parameters}
                    yield {**item[method], **known}

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Any = self.document
        for part in node.get("$ref", "").split("/")[1:]:
            found = found[part]
        return found if "$ref" in node else node

    def responses(self, operation: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the operation's responses, sorted by status."""
        responses = operation["responses"].items()
        return [(status, self.resolve(response)) for status, response in sorted(responses)]

    def codes(self, answer: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return a problem's codes and what each means."""
        content = answer.get("content", {}).get("application/problem+json", {})
        return [(code, one["value"]["detail"]) for code, one in content.get("examples", {}).items()]

    def type_name(self, schema: Mapping[str, Any]) -> str:
        """Return a short name of a schema's type."""
        if "$ref" in schema:
            return str(schema["$ref"].rpartition("/")[2])
        if "anyOf" in schema:
            return " or ".join(map(self.type_name, schema["anyOf"]))
        if "enum" in schema:
            return " | ".join("null" if word is None else str(word) for word in schema["enum"])
        if schema.get("type") == "array":
            return f"[{self.type_name(schema['items'])}]"
        kinds = schema.get("type", "anything")
        words = [kinds] if isinstance(kinds, str) else kinds
        return " or ".join(
            schema.get("format", word) if word == "string" else word for word in words
        )

    def pattern(self, schema: Mapping[str, Any]) -> str | None:
        """Return the schema's pattern, unless it's the one that all texts have."""
        pattern: str | None = schema.get("pattern")
        return None if pattern == NO_NUL else pattern

    def variants(self, schema: Mapping[str, Any]) -> list[str]:
        """Return the descriptions of a schema's variants."""
        kinds = [kind for part in schema.get("allOf", ()) for kind in part.get("anyOf", ())]
        return [kind["description"] for kind in kinds]

    def limits(self, schema: Mapping[str, Any]) -> list[str]:
        """Return the limits of a value, as texts, and its default."""
        texts = []
        for low, high, unit in (
            ("minimum", "maximum", ""),
            ("minLength", "maxLength", " characters"),
            ("minItems", "maxItems", " items"),
        ):
            if low in schema or high in schema:
                texts.append(f"{schema.get(low, '')}…{schema.get(high, '')}{unit}")
        if schema.get("default") not in (None, ""):
            texts.append(f"default {json.dumps(schema['default'])}")
        return texts

    def schemas(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return all schemas except problems, which operations show by their codes."""
        found = self.document["components"]["schemas"].items()
        return sorted((name, schema) for name, schema in found if not is_problem(name, schema))

    def body(self, operation: Mapping[str, Any]) -> Any:
        """Return the example of the operation's JSON body; None if its body is a file."""
        return operation["requestBody"]["content"].get(_JSON, {}).get("example")

    def curl(self, operation: Mapping[str, Any]) -> str:
        """Return a command that calls the operation."""
        method, path = operation["method"], operation["path"]
        path = re.sub(r"\{(\w+)\}", lambda name: f"${_placeholder(name[1])}", path)
        words = ["curl", *([] if method == "GET" else ["-X", method]), f'"$MUSTER{path}"']
        if operation["security"]:
            words.append('-H "Authorization: Bearer $TOKEN"')
        if "requestBody" in operation:
            words += self._curl_body(operation)
        return " ".join(words)

    def _curl_body(self, operation: Mapping[str, Any]) -> list[str]:
        media = next(iter(operation["requestBody"]["content"]))
        if media != _JSON:
            return [f'-H "Content-Type: {media}"', "--data-binary @FILE"]
        body = json.dumps(self.body(operation), ensure_ascii=False).replace("'", "'\\''")
        return ["--json", f"'{body}'"]


def _placeholder(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).upper()


def is_problem(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether the component is the body of an error response."""
    return name.endswith("Problem") and "code" in schema.get("properties", {})
