"""The secrets of a stack, made at its first start and kept in its home.

`python -m app.embedded.keys` prints new ones, for a deployment that sets its own.
"""

import base64
import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from app.embedded import handles
from app.embedded.errors import EmbeddedError


def _random_text() -> str:
    return secrets.token_urlsafe(48)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


GENERATORS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": _random_text,
    "JWT_SECRET_KEY": _random_text,
    "WORKER_JWT_SECRET_KEY": _random_text,
    "ENCRYPTION_KEYS": _fernet_key,
}


def load(path: Path) -> dict[str, str]:
    """All secrets, by the names of their environment variables. Missing ones are made and stored.

    Only the file's owner can read it. Raises EmbeddedError when it is damaged: with new secrets in
    its place everything encrypted would be lost.
    """
    kept = _read(path)
    made = {name: make() for name, make in GENERATORS.items() if name not in kept}
    if made:
        write_private(path, kept | made)
    return kept | made


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        content = None
    if isinstance(content, dict) and all(isinstance(value, str) for value in content.values()):
        return content
    raise EmbeddedError(
        f"{path} is damaged: restore it from a backup (without its ENCRYPTION_KEYS stored "
        "secrets are lost), or remove it to have new ones made"
    )


def write_private(path: Path, content: dict[str, str]) -> None:
    """Write a JSON file whole or not at all, and never readable by others, not even for a
    moment.
    """
    with handles.open_directory(path.parent.resolve()) as directory:
        directory.write(path.name, json.dumps(content, indent=2), sync=True)


def main() -> int:
    """Print new secrets, one `NAME=value` a line, as a file of environment variables has them."""
    sys.stdout.writelines(f"{name}={make()}\n" for name, make in GENERATORS.items())
    return 0


if __name__ == "__main__":
    sys.exit(main())
