"""Modules, functions and files that text names exist; and what does not is found."""

from pathlib import Path

import pytest

from tests.docs.code_names import CodeNames
from tests.test_names import ROOT, tracked

NOT_READ = (
    "docs/reference.md",  # generated from the code
    "CHANGELOG.md",  # names what is gone
    "tests/docs/test_code_names.py",  # what is planted here is not there
)

EXCEPTIONS = {
    ".ci/skipped.txt": "written by `make test`",
    "COPILOT_HOME": "of copilot",
    "DynamicUser": "of systemd",
    "EventSource": "of browsers",
    "NAMESPACE.NAME": "a form",
    "SCM_RIGHTS": "of Unix sockets",
    "ToolKind": "of the Agent Client Protocol",
    "WebSocketStream": "of browsers",
    "a.py": "an example",
    "ansi_up": "a rejected library",
    "app.config": "of Flask",
    "authlib.jose": "of Authlib",
    "console/dist": "the built console",
    "console/src/api/schema.d.ts": "generated",
    "gin_fuzzy_search_limit": "of PostgreSQL",
    "log_min_duration_statement": "of PostgreSQL",
    "mcp__muster__progress": "an agent's name of our tool",
    "muster.env": "a file of an installed server",
    "muster.example.org": "a host",
    "muster.progress": "an agent's name of our tool",
    "muster.target": "a systemd unit",
    "name_too_long": "a rejected design",
    "no_ack": "of kombu",
    "os.execvpe": "of Python; we don't use it",
    "packages.example.com": "a host",
    "pg_dump": "of PostgreSQL",
    "raw.githubusercontent.com": "a host",
    "releases/choice.json": "a file of a machine",
}
"""Names that text uses, that aren't in our code, and that stay; with the reason."""

CODE = {
    "app/__init__.py": "",
    "app/api/__init__.py": "import json\n",
    "app/api/tasks.py": "class Routes:\n    def cancel_task(self, task_id):\n        return json\n",
    "console/src/api/client.ts": "// A client.\nexport const newClient = 1 // `lostInComment`\n",
    "docs/decisions/0007-round-trips.md": "# 7. Round trips\n",
}


def missing_in(root: Path, file: str, text: str) -> list[str]:
    """What the finder finds in a small repository with one more file."""
    files = {**CODE, file: text}
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    found = CodeNames(root, list(files)).missing()
    return [str(each) for each in found if each.file == file]


def test_every_name_that_text_uses_exists() -> None:
    missing = CodeNames(ROOT, tracked("*"), but=NOT_READ).missing()
    assert [str(each) for each in missing if each.name not in EXCEPTIONS] == []
    assert sorted(set(EXCEPTIONS) - {each.name for each in missing}) == [], "nothing needs these"


LOST = {
    "a module in a docstring": (
        "app/a.py",
        '"""One line.\n\nAs app.api.lost does.\n"""\n',
        "app/a.py:3: there is no app.api.lost",
    ),
    "a function of a module in a comment": (
        "app/a.py",
        "x = 1  # see app.api.tasks.lost\n",
        "app/a.py:1: there is no app.api.tasks.lost",
    ),
    "a path in a document": (
        "docs/a.md",
        "One line,\nand `app/api/lost.py`.\n",
        "docs/a.md:2: there is no app/api/lost.py",
    ),
    "a folder": ("docs/a.md", "See app/lost.\n", "docs/a.md:1: there is no app/lost"),
    "a file's name alone": ("app/a.py", "# See lost.py.\n", "app/a.py:1: there is no lost.py"),
    "a function in a docstring": (
        "app/a.py",
        'def act():\n    """As `lost_function` does."""\n',
        "app/a.py:2: there is no lost_function",
    ),
    "a function with parentheses": (
        "docs/a.md",
        "It calls `lost()`.\n",
        "docs/a.md:1: there is no lost()",
    ),
    "a name that stands in comments only": (
        "docs/a.md",
        "See `lostInComment`.\n",
        "docs/a.md:1: there is no lostInComment",
    ),
    "a name in a comment of TypeScript": (
        "console/src/a.ts",
        "const a = 1\n/** As `lostName`. */\n",
        "console/src/a.ts:2: there is no lostName",
    ),
    "a name in a comment of a script": (
        "deploy/run.sh",
        "true # as `lost_name`\n",
        "deploy/run.sh:1: there is no lost_name",
    ),
}


@pytest.mark.parametrize(("file", "text", "expected"), LOST.values(), ids=LOST)
def test_what_is_not_there_is_found(tmp_path: Path, file: str, text: str, expected: str) -> None:
    assert missing_in(tmp_path, file, text) == [expected]


THERE = {
    "a module, its class and its method": (
        "app/a.py",
        '"""app.api, app.api.tasks, app.api.tasks.Routes.cancel_task."""\n',
    ),
    "what a module imports": ("app/a.py", "# app.api.json\n"),
    "a path by its end": ("docs/a.md", "`api/tasks.py`, tasks.py, src/api, client.ts\n"),
    "a decision by its number": ("app/a.py", "# docs/decisions/0007 says why.\n"),
    "names in backticks": (
        "app/a.py",
        '"""`cancel_task()`, `Routes.cancel_task`, `newClient`"""\n',
    ),
    "a column in camelCase, as the wire has it": ("docs/a.md", "`taskId`\n"),
    "a prefix": ("docs/a.md", "Booleans start with `is_`.\n"),
    "plain words": ("docs/a.md", "`lost`, `git push`, and/or, e.g. a/b\n"),
    "addresses and paths of others": (
        "docs/a.md",
        "https://app.lost.example/app/lost.py, /app/lost.py, app@app.lost, ~/lost.py, app/7-1\n",
    ),
    "a block of commands": ("docs/a.md", "```sh\npython lost.py\n```\n"),
    "a string of a program": ("app/a.py", 'x = "app.lost lost.py"\n'),
}


@pytest.mark.parametrize(("file", "text"), THERE.values(), ids=THERE)
def test_what_is_there_or_no_name_is_not_found(tmp_path: Path, file: str, text: str) -> None:
    assert missing_in(tmp_path, file, text) == []
