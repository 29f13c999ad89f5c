"""The types that the console is checked with are those of the document that the server sends."""

from pathlib import Path

import pytest
from flask import Flask

from demo.console import api_types
from demo.console.node import Node


def document_of(app: Flask) -> str:
    return str(app.test_client().get("/api/openapi.json").text)


def test_a_command_prints_the_document_that_is_sent(app: Flask) -> None:
    printed = app.test_cli_runner().invoke(args=["openapi"])
    assert printed.exit_code == 0
    assert printed.output == document_of(app)


class Generator(Node):
    def run(self, argv: list[str], what: str, **_: object) -> str:  # type: ignore[override]
        made = Path(argv[argv.index("--output") + 1])
        made.write_text(f"export {len(Path(argv[2]).read_text())}\n")
        return ""


def test_types_of_another_document_are_made_anew_before_anything_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = Generator(Path("node"), ("npm",))
    monkeypatch.setattr(api_types, "DOCUMENT", tmp_path / "openapi.json")
    monkeypatch.setattr(api_types, "TYPES", tmp_path / "schema.d.ts")
    for document in ("{}", '{"a": 1}', '{"a": 1}'):
        monkeypatch.setattr(api_types, "_document", lambda text=document: text)
        api_types.make_types(generator)
        first, made = (tmp_path / "schema.d.ts").read_text().splitlines()
        assert first + "\n" == api_types.first_line(document)
        assert made == f"export {len(document)}"


def test_the_types_that_lie_here_are_fresh(app: Flask) -> None:
    if not api_types.TYPES.exists():
        pytest.skip("`make check` has not made them yet")
    first = api_types.TYPES.read_text().splitlines(keepends=True)[0]
    assert first == api_types.first_line(document_of(app)), "run `make check`"
