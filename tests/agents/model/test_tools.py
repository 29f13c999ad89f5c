"""Which tool an agent offers for what is to be done."""

from typing import Any

import pytest

from tests.agents.model.script import Call, call
from tests.agents.model.tools import NotOfferedError, fit, in_words
from tests.agents.model.wire import Asked


def offering(free: tuple[str, ...] = (), **tools: dict[str, Any]) -> Asked:
    """Each tool's required arguments, and their types."""
    schemas = {
        name: {"properties": {n: {"type": t} for n, t in types.items()}, "required": list(types)}
        for name, types in tools.items()
    }
    return Asked("large", stream=True, tools=schemas, free=frozenset(free))


EDIT = call("edit", path="a.py", old="one\n", new="two\n")
PATCH = """\
*** Begin Patch
*** Update File: a.py
@@
-one
+two
*** End Patch
"""
FITS = {
    "a command": (
        call("run", command="ls"),
        offering(Bash={"command": "string"}),
        ("Bash", {"command": "ls"}),
    ),
    "a command by another name": (
        call("run", command="ls"),
        offering(exec_command={"cmd": "string"}),
        ("exec_command", {"cmd": "ls"}),
    ),
    "a command as a list": (
        call("run", command="ls"),
        offering(shell={"command": "array"}),
        ("shell", {"command": ["bash", "-lc", "ls"]}),
    ),
    "an edit": (
        EDIT,
        offering(edit=dict.fromkeys(("filePath", "oldString", "newString"), "string")),
        ("edit", {"filePath": "a.py", "oldString": "one\n", "newString": "two\n"}),
    ),
    "an edit by a patch": (
        EDIT,
        offering(free=("apply_patch",), shell={"command": "string"}, apply_patch={}),
        ("apply_patch", PATCH),
    ),
    "an edit by a command": (
        EDIT,
        offering(shell={"command": "string"}),
        ("shell", {"command": f"apply_patch <<'PATCH'\n{PATCH}PATCH"}),
    ),
    "a new file by a patch": (
        call("write", path="a.py", text="one\ntwo\n"),
        offering(free=("apply_patch",), apply_patch={}),
        ("apply_patch", "*** Begin Patch\n*** Add File: a.py\n+one\n+two\n*** End Patch\n"),
    ),
    "reading by a command": (
        call("read", path="a.py"),
        offering(shell={"command": "string"}),
        ("shell", {"command": "cat a.py"}),
    ),
    "a tool of a server's": (
        call("ask_human", question="Which?"),
        offering(mcp__muster__ask_human={"question": "string"}),
        ("mcp__muster__ask_human", {"question": "Which?"}),
    ),
    "what else is required": (
        call("run", command="ls"),
        offering(bash={"command": "string", "why": "string", "limit": "integer", "x": "boolean"}),
        ("bash", {"command": "ls", "why": "why", "limit": 0, "x": False}),
    ),
}


@pytest.mark.parametrize("name", FITS)
def test_a_call_finds_its_tool(name: str) -> None:
    given, asked, wanted = FITS[name]
    assert fit(given, asked) == wanted


@pytest.mark.parametrize("given", [EDIT, call("run", command="ls"), call("progress", text="half")])
def test_what_nothing_is_offered_for_is_said(given: Call) -> None:
    with pytest.raises(NotOfferedError, match="among todo"):
        fit(given, offering(todo={"text": "string"}))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (call("read", path="a.py"), "I need to see a.py first."),
        (
            call("edit", path="a.py", old="1\n", new="2\n"),
            "\na.py\n```python\n<<<<<<< SEARCH\n1\n=======\n2\n>>>>>>> REPLACE\n```\n",
        ),
        (call("run", command="make"), "\n```bash\nmake\n```\n"),
    ],
)
def test_who_has_no_tools_is_told_in_words(wanted: Call, words: str) -> None:
    assert in_words(wanted) == words


def test_not_all_can_be_said_in_words() -> None:
    with pytest.raises(NotOfferedError):
        in_words(call("ask_human", question="?"))
