"""The console's packages of npm, as its lock file names them."""

import hashlib
from collections.abc import Callable

from demo.console.node import Node
from demo.console.paths import SOURCE, ConsoleError

LOCK = SOURCE / "package-lock.json"
_STAMP = SOURCE / "node_modules" / ".brought"
_FLAGS = (
    *("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"),
    "--fetch-retries=1",
)


def install_packages(node: Node, say: Callable[[str], None]) -> None:
    """Have them there. Whatever they would run when they are installed is not run.

    Raises ConsoleError.
    """
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    say("bringing the console's packages from npm")
    try:
        node.run([*node.npm, "ci", *_FLAGS], "npm ci")
    except ConsoleError as problem:
        raise ConsoleError(
            f"the console's packages could not be had from npm: {problem}\n"
            "A registry of your own, or a proxy: npm_config_registry and HTTPS_PROXY tell npm."
        ) from None
    _STAMP.write_text(wanted)
