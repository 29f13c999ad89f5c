"""Lists as a terminal of 80 columns shows them."""

from collections.abc import Callable

import pytest

from tests.flows.test_life_of_a_task import shell
from tests.install.every.shell_user import WAITS, ShellUser

pytestmark = pytest.mark.timeout(900)
COLS, ROWS = 80, 120
LISTS = (
    *("task list", "inbox", "project list", "machine list", "notifications list --all"),
    *("search words", "usage --by task", "agents", "config list", "profile sessions"),
)


def test_each_item_is_one_line_below_whole_headings(
    ada: ShellUser, project: Callable[..., str]
) -> None:
    key = project("READS", shell("write", "echo one > one"))
    asks = project("NEEDS", shell("sign", "true", confirm=True, prompt="words " * 40))
    ada(f"task create -p {key} -d '{'words without end, ' * 20}' --wait")
    [asked] = ada.run_json(f"task create -p {asks} -d Do --wait", status=WAITS)
    for line in LISTS:
        with ada.sits(line, COLS, ROWS) as terminal:
            assert terminal.wait_until_ended() == 0
            shown = [text for text in terminal.lines if text]
        assert len(shown) == len(ada.run_json(line)) + 1, shown
        assert "…" not in shown[0], shown
    ada.run_json(f"task cancel {asked['id']}")
