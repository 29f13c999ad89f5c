"""What the commands `make demo` and `make up` have in common."""

import sys
from collections.abc import Callable

from app.embedded import EmbeddedError
from demo.api import ApiProblem
from demo.errors import DemoError
from demo.screen import Screen


def carry_out(act: Callable[[Screen], None], interrupted: str, code: int) -> int:
    """Run `act` on a screen, and return the exit code.

    That is 0; 1 after an error, which is shown; or `code` after Ctrl-C, when the text `interrupted`
    is shown.
    """
    screen = Screen(sys.stdout)
    try:
        act(screen)
    except (EmbeddedError, DemoError, ApiProblem, OSError) as problem:
        screen.fail(str(problem))
        return 1
    except KeyboardInterrupt:
        screen.fail(interrupted)
        return code
    return 0
