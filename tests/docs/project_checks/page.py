"""docs/project-checks.md, from the cases; `python -m tests.docs.project_checks` writes it."""

import re
from collections.abc import Mapping

from app.domain.project_check import Step
from tests.docs.project_checks.cases import CASES
from tests.test_names import ROOT

PATH = ROOT / "docs/project-checks.md"
CHINESE = ROOT / "console/src/i18n/zh/projectChecks.ts"
HEAD = """# Project checks

A check reads a project's repository on one of its machines before a task does. The console shows
these sentences, with git's own text under *Details*. `python -m tests.docs.project_checks` writes
this page.

| case | code | English | Chinese |
|---|---|---|---|
"""
_ENTRY = re.compile(r"^  '?(\w*)'?:\s+'([^']*)',$", re.MULTILINE)


def render() -> str:
    """Return the page."""
    rows = [
        f"| {case.title} | `{step.code}` | {step.message} | {chinese(step)} |"
        for case in CASES
        for step in case.steps
    ]
    return HEAD + "\n".join(rows) + "\n"


def chinese(step: Step) -> str:
    """Return the console's Chinese sentence."""
    scopes = _texts("checkScopes")[step.params.get("forge", "")]
    return _texts("checkSentences")[step.code].format_map({**step.params, "scopes": scopes})


def _texts(name: str) -> Mapping[str, str]:
    body = CHINESE.read_text().partition(f"export const {name}")[2].partition("\n}\n")[0]
    return dict(_ENTRY.findall(body))
