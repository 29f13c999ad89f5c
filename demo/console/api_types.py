"""The API's TypeScript types, generated from this checkout's OpenAPI document."""

import hashlib
import os
import subprocess
import sys

from app.embedded import keys
from demo.console.node import Node
from demo.console.paths import SOURCE, ConsoleError

DOCUMENT = SOURCE / "openapi.json"
TYPES = SOURCE / "src" / "api" / "schema.d.ts"
_FIRST_LINE = "// From document {}, by `python -m demo.console types`. Don't edit by hand.\n"
# Without this, the generator makes request fields with a default required.
_FLAGS = ("--default-non-nullable=false",)


def make_types(node: Node) -> None:
    """Generate the types if the document has changed. Raises ConsoleError."""
    document = _document()
    first = first_line(document)
    if TYPES.exists() and TYPES.read_text().startswith(first):
        return
    DOCUMENT.write_text(document)
    command = node.tool("openapi-typescript/bin/cli.js", str(DOCUMENT), *_FLAGS)
    new = TYPES.with_suffix(".new")
    node.run([*command, "--output", str(new)], "openapi-typescript")
    TYPES.write_text(first + new.read_text())
    new.unlink()


def first_line(document: str) -> str:
    """Return the first line of this document's types, which identifies the document."""
    return _FIRST_LINE.format(hashlib.sha256(document.encode()).hexdigest()[:16])


def _document() -> str:
    """Return the OpenAPI document. The app needs settings, but connects to no service."""
    nowhere = {"DATABASE_URL": "postgresql://127.0.0.1:1/no", "REDIS_URL": "redis://127.0.0.1:1/0"}
    env = {**os.environ, **{name: make() for name, make in keys.GENERATORS.items()}, **nowhere}
    argv = [sys.executable, "-m", "flask", "--app", "wsgi", "openapi"]
    done = subprocess.run(
        argv, cwd=SOURCE.parent, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ConsoleError(f"flask openapi: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout
