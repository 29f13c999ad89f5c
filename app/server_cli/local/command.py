"""Shared code of commands that show their steps on a screen."""

import sys
from collections.abc import Callable

from app.embedded import EmbeddedError
from app.server_cli.local.api import ApiError
from app.server_cli.local.errors import OperateError
from app.server_cli.local.screen import Screen


def run_steps(act: Callable[[Screen], None], interrupted: str, code: int) -> int:
    """Run `act` on a screen, and return the exit code.

    0 on success; 1 after an error, which is shown; `code` after Ctrl-C, with the text
    `interrupted`.
    """
    screen = Screen(sys.stdout)
    try:
        act(screen)
    except (EmbeddedError, OperateError, ApiError, OSError) as problem:
        screen.fail(str(problem))
        return 1
    except KeyboardInterrupt:
        screen.fail(interrupted)
        return code
    return 0
