"""Token storage: the system's keyring if there's one, else a file of mode 0600.

Tokens are stored under their profile's name together with their server. If the name belongs to
another server later, for example by an edited config.toml, it gets none of them.

A refresh token is valid once, and presenting an old one ends the session. So all code that changes
tokens holds one lock, and reads the stored tokens again under it.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from muster.cli import profiles
from muster.cli.errors import CliError
from muster.cli.profiles import Profile

KEYRING, FILE = "keyring", "file"
_SERVICE = "muster"


@dataclass(frozen=True)
class Tokens:
    """A personal access token, or the two tokens of a session."""

    personal: str = ""
    access: str = ""
    refresh: str = ""


def tokens_path() -> Path:
    return profiles.config_directory() / "tokens.json"


@contextlib.contextmanager
def lock_tokens() -> Iterator[None]:
    """Hold the lock on tokens. It has its own file, because the tokens' file is replaced."""
    place = profiles.config_directory() / "tokens.lock"
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CliError(f"Can't open {place}: {error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read_tokens(profile: Profile) -> Tokens:
    """Return a profile's tokens; empty ones if there are none, or they're another server's.

    The file takes precedence: it has tokens of a keyring profile only if the keyring failed.
    """
    fields = _read_file().get(profile.name)
    if profile.tokens == KEYRING and not fields:
        import keyring
        from keyring.errors import KeyringError

        try:
            text = keyring.get_password(_SERVICE, profile.name)
        except KeyringError as error:
            raise CliError(f"Can't read the keyring: {error}") from error
        fields = json.loads(text) if text else None
    return _tokens_from(profile, fields or {})


def store_tokens(profile: Profile, tokens: Tokens) -> None:
    """Store tokens. If the keyring fails, use the file, because the previous tokens are spent.

    Hold the lock.
    """
    fields = {"server": profile.server, **{k: v for k, v in asdict(tokens).items() if v}}
    if profile.tokens == KEYRING:
        import keyring

        try:
            keyring.set_password(_SERVICE, profile.name, json.dumps(fields))
        except Exception as error:  # third-party backends can raise anything
            click.echo(
                f"Can't write to the keyring ({error}); the token is stored in {tokens_path()}.",
                err=True,
            )
        else:
            _delete_from_file(profile)
            return
    profiles.write_atomically(
        tokens_path(), json.dumps({**_read_file(), profile.name: fields}, indent=1)
    )


def delete_tokens(profile: Profile) -> None:
    """Delete a profile's tokens. Hold the lock."""
    if profile.tokens == KEYRING:
        import keyring
        from keyring.errors import KeyringError

        with contextlib.suppress(KeyringError):
            keyring.delete_password(_SERVICE, profile.name)
    _delete_from_file(profile)


def _delete_from_file(profile: Profile) -> None:
    kept = _read_file()
    if kept.pop(profile.name, None) is not None:
        profiles.write_atomically(tokens_path(), json.dumps(kept, indent=1))


def choose_storage() -> str:
    """Return `keyring` if the system's keyring works, else `file`.

    A keyring that asks to be unlocked each time works, too. `MUSTER_KEYRING=off` disables it.
    """
    if os.environ.get("MUSTER_KEYRING", "").lower() in ("off", "0", "no"):
        return FILE
    try:
        import keyring

        keyring.set_password(_SERVICE, "is it there", "yes")
        is_there = keyring.get_password(_SERVICE, "is it there") == "yes"
        keyring.delete_password(_SERVICE, "is it there")
    except Exception:  # third-party backends can raise anything
        return FILE
    return KEYRING if is_there else FILE


def _read_file() -> dict[str, dict[str, str]]:
    try:
        return dict(json.loads(tokens_path().read_text("utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        raise CliError(f"Can't read {tokens_path()}: {error}") from error


def _tokens_from(profile: Profile, fields: dict[str, str]) -> Tokens:
    if fields.get("server") != profile.server:
        return Tokens()
    return Tokens(fields.get("personal", ""), fields.get("access", ""), fields.get("refresh", ""))
