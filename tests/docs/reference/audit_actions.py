"""The section on the audit log's actions, from the modules that record them."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from app.domain.device_login import DeviceAnswer
from tests.docs.reference.markdown import (
    format_code,
    format_table,
    join_blocks,
)
from tests.docs.reference.texts import format_intro

APP = Path(__file__).parents[3] / "app"

_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def render() -> str:
    families: dict[str, list[str]] = defaultdict(list)
    for action in list_actions():
        family, _, done = action.partition(".")
        families[family].append(done)
    rows = [(f"`{family}.`", format_code(done)) for family, done in sorted(families.items())]
    return join_blocks(format_intro("audit_actions"), format_table(("family", "actions"), rows))


def list_actions() -> list[str]:
    """The actions in the text of all modules that import the audit log."""
    found = {f"device.{answer}" for answer in DeviceAnswer}  # recorded by an f-string
    for path in APP.rglob("*.py"):
        source = path.read_text()
        if "audit" in source:
            found |= _actions_in(ast.parse(source))
    return sorted(found)


def _actions_in(tree: ast.Module) -> set[str]:
    nodes = list(ast.walk(tree))
    if not any(_imports_audit(node) for node in nodes):
        return set()
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and _ACTION.fullmatch(text)}


def _imports_audit(node: ast.AST) -> bool:
    if not isinstance(node, ast.ImportFrom) or node.module is None:
        return False
    if node.module == "app.services":
        return any(alias.name == "audit" for alias in node.names)
    return node.module == "app.services.audit"
