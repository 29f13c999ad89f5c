"""The output of a command that runs in steps."""

import io

from app.server_cli.local.screen import Screen


def test_a_step_that_has_failed_is_shown_so_when_the_next_begins() -> None:
    screen = Screen(out := io.StringIO())
    screen.step("restarting")
    screen.mark_failed()
    screen.step("going back")
    screen.done()
    assert out.getvalue() == "  ✗ restarting\n  ✓ going back\n"
    screen.mark_failed()  # of nothing
    screen.step("next")
    screen.fail("problem")
    assert out.getvalue().endswith("  ✗ next\nproblem\n")
