"""docs/reference.md is what its script writes, and what the script has texts for exists."""

from flask import Flask

from app.domain.roles import Permission
from app.domain.scheduling import Reason
from app.domain.task import EventType
from app.domain.token_scope import TokenScope
from tests.contract import codes_table
from tests.docs.reference import metrics, page
from tests.docs.reference.texts import TEXTS

COMMAND = "python -m tests.docs.reference writes it"


def test_the_page_is_what_its_script_writes(rolled_back_app: Flask) -> None:
    assert page.FILE.read_text() == page.render(rolled_back_app), COMMAND


def test_each_text_is_of_something_that_exists(rolled_back_app: Flask) -> None:
    known = {
        "failures": codes_table.SERVER_FAILURES | codes_table.MACHINE_FAILURES,
        "wait_rules": {*Reason},
        "events": {*EventType},
        "permissions": {*Permission},
        "scopes": {*TokenScope},
    }
    assert {name: TEXTS[name].keys() for name in known} == known
    exported = {metric.name for metric in metrics.list_metrics(rolled_back_app)}
    assert TEXTS["alerts"].keys() <= exported
