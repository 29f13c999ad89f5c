"""`/api/docs`: the OpenAPI document as a page that needs nothing from elsewhere."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.openapi import html_page
from app.api.openapi.html_page import is_problem

VOID = {"meta", "link", "br", "input"}


class Read(HTMLParser):
    """What a page has, and whether its tags are closed as they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.words = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert name != "src"
            assert not name.startswith("on")
            self.ids += [value or ""] if name == "id" else []
            self.links += [value or ""] if name == "href" else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture
def read(client: FlaskClient) -> Read:
    answer = client.get("/api/docs")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    return Read(answer.text)


def test_the_page_shows_every_operation_code_and_shape(app: Flask, read: Read) -> None:
    document = app.extensions["api_description"].document
    for path, item in document["paths"].items():
        assert path in read.words
        for method, operation in item.items():
            if method != "parameters":
                assert operation["operationId"] in read.ids
    for name, schema in document["components"]["schemas"].items():
        if is_problem(name, schema):
            assert all(code in read.words for code in schema["properties"]["code"]["enum"])
        else:
            assert f"shape-{name}" in read.ids


def test_every_link_on_the_page_leads_somewhere_on_it(read: Read) -> None:
    assert len(set(read.ids)) == len(read.ids)
    assert {link.removeprefix("#") for link in read.links} <= {*read.ids, "openapi.json"}


def test_the_page_loads_nothing_and_runs_no_script_but_its_own(client: FlaskClient) -> None:
    answer = client.get("/api/docs")
    assert not Read(answer.text).tags & {"link", "img", "iframe"}
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    rules = dict(
        rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; ")
    )
    assert rules["default-src"] == rules["form-action"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["connect-src"] == "'self'"


def test_each_operation_can_be_tried_with_its_parameters_and_example(
    app: Flask, client: FlaskClient
) -> None:
    text = client.get("/api/docs").text
    document = app.extensions["api_description"].document
    count = sum(name != "parameters" for item in document["paths"].values() for name in item)
    assert text.count("<form ") == count
    (form,) = re.findall(
        r'<form data-method="POST" data-path="/api/web/tasks/{taskId}/retry".*?</form>',
        text,
        re.DOTALL,
    )
    assert 'name="taskId" data-in="path" required' in form
    assert "&#34;fromStage&#34;: 0" in form


def test_the_page_is_made_once(app: Flask, client: FlaskClient) -> None:
    client.get("/api/docs")
    described = app.extensions["api_description"]
    assert described.page is described.page


def test_what_the_document_says_is_text_on_the_page(app: Flask) -> None:
    bad = "<script>alert(1)</script>"

    def spoilt(node: Any) -> Any:
        if isinstance(node, dict):
            known = ("description", "summary", "example", "pattern", "detail")
            return {
                key: bad if key in known and isinstance(below, str) else spoilt(below)
                for key, below in node.items()
            }
        return [spoilt(below) for below in node] if isinstance(node, list) else node

    text = html_page.render_page(spoilt(app.extensions["api_description"].document))
    assert text.count("<script") == 1
    assert text.count("&lt;script&gt;") > 100
