"""The walk knows no addresses and nothing of how the pages are made."""

import ast
import re
from pathlib import Path

import pytest

SOURCES = [Path(__file__).with_name(name) for name in ("test_walk.py", "walker.py", "shell.py")]
ADDRESS = re.compile(r"(^|[^\w/:])/\w|https?://\w|\.(html?|js|css)\b|[?&]\w+=")
SELECTOR = re.compile(r"^[#.][a-z]|^\[|\[[a-z-]+[~^$*|]?=|\w+=[a-z/]|>>|::|//\w|^<")
# What finds elements by other means than their roles and names, or goes to an address.
BY_STRUCTURE = {
    *("locator", "frame_locator", "query_selector", "query_selector_all", "get_by_test_id"),
    *("evaluate", "evaluate_all", "eval_on_selector", "wait_for_selector", "wait_for_function"),
    *("wait_for_url", "dispatch_event", "content", "request", "route", "go_back", "reload"),
}


def list_nodes(source: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(source.read_text())))


def list_texts(source: Path) -> list[str]:
    """The strings, without docstrings and imports."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {
        ast.get_docstring(n, clean=False) for n in list_nodes(source) if isinstance(n, documented)
    }
    constants = (node.value for node in list_nodes(source) if isinstance(node, ast.Constant))
    return [text for text in constants if isinstance(text, str) and text not in docs]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_walk_contains_no_address_and_no_selector(source: Path) -> None:
    texts = list_texts(source)
    assert [text for text in texts if ADDRESS.search(text) or SELECTOR.search(text)] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_walk_finds_everything_by_roles_and_names(source: Path) -> None:
    nodes = list_nodes(source)
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert used & BY_STRUCTURE == set()
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    opened = [
        n for n in calls if isinstance(n.func, ast.Attribute) and n.func.attr in ("goto", "open")
    ]
    assert not [n for n in opened if any(isinstance(each, ast.Constant) for each in n.args)]


@pytest.mark.parametrize(
    "text",
    [
        *("/tasks/1", "open /tasks", "http://127.0.0.1", "?part=secrets", "index.html"),
        *("#question", ".btn", "[name=key]", "css=a", "xpath=//a", "a >> b", "<b>"),
    ],
)
def test_addresses_and_selectors_are_recognized(text: str) -> None:
    assert ADDRESS.search(text) or SELECTOR.search(text)


@pytest.mark.parametrize("text", ["New project", r"https?://\S+", r"^Saved\.", "arithmetic/a.py"])
def test_names_and_texts_are_neither(text: str) -> None:
    assert [ADDRESS.search(text), SELECTOR.search(text)] == [None, None]
