"""Programs and packages that some tests need and that a machine may lack.

The table has each one's name, as tests declare it by the marker `needs`, and the alternatives that
satisfy it. Debian's programs come from the table in `tests/bring`, so both always agree.
"""

import os
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BRING = ROOT / "tests" / "bring"
DEBIAN_ROOTS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "muster" / "roots"


def read_bring(text: str) -> dict[str, tuple[str, ...]]:
    """The commands in the table PROGRAMS of `tests/bring`, each with its row's alternatives."""
    table = re.search(r"^PROGRAMS=\(\n(.*?)^\)", text, re.DOTALL | re.MULTILINE)
    assert table is not None
    rows = re.findall(r'^\t"[^":]+:([^"]+)"', table[1], re.MULTILINE)
    return {
        command: tuple(row.split()) for row in rows for command in row.split() if "/" not in command
    }


# A command is searched on the PATH; anything with a slash is a path, relative to the repository.
ALTERNATIVES: dict[str, tuple[str, ...]] = {
    **read_bring(_BRING.read_text()),
    "node": ("tests/agents/node/node_modules/.bin/node", "node"),
    "uv": ("uv", ".venv/bin/uv"),
    # A test unpacks Debian's package where the machine has none: installing it would start it.
    "nginx": ("nginx", "/usr/sbin/nginx", "apt-get"),
    "caddy": ("caddy", "apt-get"),
    "aider": ("tests/agents/aider/.venv/programs/aider",),
    **{
        agent: (f"tests/agents/npm/node_modules/.bin/{agent}",)
        for agent in ("claude", "codex", "gemini", "opencode")
    },
    "xterm.js": ("tests/browser/node_modules/@xterm/xterm",),
    "asciinema-player": ("tests/browser/node_modules/asciinema-player",),
    "oidc-provider": ("tests/sso/npm/node_modules/oidc-provider",),
    "openapi-typescript": ("tests/clients/node_modules/.bin/openapi-typescript",),
    "openapi-ts": ("tests/clients/node_modules/.bin/openapi-ts",),
    "openapi-generator": ("tests/clients/.venv/bin/openapi-generator-cli",),
    **{
        f"debian-{kind}": (f"{DEBIAN_ROOTS}/{kind}.made",)
        for kind in ("plain", "systemd", "containers", "newcomer-13", "newcomer-12")
    },
}

declared: frozenset[str] | None = None
"""What the running test needs, by its marker; None outside of tests."""


def search(name: str) -> str | None:
    """The path of the first alternative that is on this machine."""
    return next(filter(None, map(_search_one, ALTERNATIVES[name])), None)


def find(name: str) -> str:
    """The same, for a test that declares it. Raises AssertionError."""
    assert declared is None or name in declared, f'the test lacks the marker needs("{name}")'
    path = search(name)
    assert path is not None, f"{name} is missing"
    return path


def _search_one(alternative: str) -> str | None:
    if "/" not in alternative:
        return shutil.which(alternative)
    path = ROOT / alternative
    return str(path) if path.exists() else None
