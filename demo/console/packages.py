"""The console's npm packages, as locked."""

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
    """Install the packages if the lock has changed, without running their install scripts.

    Raises ConsoleError.
    """
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    say("installing the console's packages from npm")
    try:
        node.run([*node.npm, "ci", *_FLAGS], "npm ci")
    except ConsoleError as problem:
        raise ConsoleError(
            f"can't install the console's packages from npm: {problem}\n"
            "For your own registry or a proxy, set npm_config_registry or HTTPS_PROXY."
        ) from None
    _STAMP.write_text(wanted)
