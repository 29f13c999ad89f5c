"""What `make demo` and `make up` have in common as commands."""

import sys
from collections.abc import Callable

from app.embedded import EmbeddedError
from demo.api import ApiProblem
from demo.errors import DemoError
from demo.screen import Screen


def carry_out(act: Callable[[Screen], None], interrupted: str, code: int) -> int:
    """Do it on a screen. Returns the exit code: 0, 1 when something did not work, which is said,
    or `code` with the words `interrupted`."""
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
