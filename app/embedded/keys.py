"""The secrets of a stack, created at its first start and stored in its home.

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
    """Return all secrets by their environment variables. Creates and stores missing ones.

    Only the file's owner can read it. Raises EmbeddedError if it is damaged: new secrets would make
    everything encrypted unreadable.
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
        f"{path} is damaged: restore it from a backup (without its ENCRYPTION_KEYS stored secrets "
        "are lost), or remove it to create new ones"
    )


def write_private(path: Path, content: dict[str, str]) -> None:
    """Write a JSON file atomically; other users can never read it, not even briefly."""
    with handles.open_directory(path.parent.resolve()) as directory:
        directory.write(path.name, json.dumps(content, indent=2), sync=True)


def main() -> int:
    """Print new secrets as a file of environment variables, one `NAME=value` per line."""
    sys.stdout.writelines(f"{name}={make()}\n" for name, make in GENERATORS.items())
    return 0


if __name__ == "__main__":
    sys.exit(main())
