"""Where tokens are kept: in the system's keyring where there is one, else in a file of mode 0600.

They are kept by their profile's name, with the server that gave them: another that is called so
later, by an edited config.toml say, gets none of them.

A login's refresh token is good once. Whoever presents an old one ends the login, so all that change
tokens hold one lock, and read again what is there once they have it.
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
    """What lets one in: a personal access token, or the two of a login."""

    personal: str = ""
    access: str = ""
    refresh: str = ""


def tokens_path() -> Path:
    return profiles.config_directory() / "tokens.json"


@contextlib.contextmanager
def lock_tokens() -> Iterator[None]:
    """Nobody else changes tokens meanwhile. The lock is beside the file, which is replaced."""
    place = profiles.config_directory() / "tokens.lock"
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CliError(f"{place} cannot be opened: {error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read_tokens(profile: Profile) -> Tokens:
    """What there is for it; nothing where nothing is, or what is there is another server's.

    What the file has counts first: of a profile whose place is the keyring there is something only
    because the keyring would not take it.
    """
    fields = _read_file().get(profile.name)
    if profile.tokens == KEYRING and not fields:
        import keyring
        from keyring.errors import KeyringError

        try:
            text = keyring.get_password(_SERVICE, profile.name)
        except KeyringError as error:
            raise CliError(f"the keyring cannot be read: {error}") from error
        fields = json.loads(text) if text else None
    return _tokens_from(profile, fields or {})


def store_tokens(profile: Profile, tokens: Tokens) -> None:
    """Store them; in the file where the keyring is locked meanwhile, for those that were there
    before are spent. Hold the lock.
    """
    fields = {"server": profile.server, **{k: v for k, v in asdict(tokens).items() if v}}
    if profile.tokens == KEYRING:
        import keyring

        try:
            keyring.set_password(_SERVICE, profile.name, json.dumps(fields))
        except Exception as error:  # backends of others raise whatever they like
            click.echo(
                f"The keyring takes no token ({error}): it is in {tokens_path()} now.", err=True
            )
        else:
            _delete_from_file(profile)
            return
    profiles.write_atomically(
        tokens_path(), json.dumps({**_read_file(), profile.name: fields}, indent=1)
    )


def delete_tokens(profile: Profile) -> None:
    """Take them away. Hold the lock."""
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
    """`keyring` where one of the system's can be used at once, else `file`.

    One that has to be unlocked by hand each time counts; one that only seems to be there does not.
    `MUSTER_KEYRING=off` says that there is none.
    """
    if os.environ.get("MUSTER_KEYRING", "").lower() in ("off", "0", "no"):
        return FILE
    try:
        import keyring

        keyring.set_password(_SERVICE, "is it there", "yes")
        is_there = keyring.get_password(_SERVICE, "is it there") == "yes"
        keyring.delete_password(_SERVICE, "is it there")
    except Exception:  # backends of others raise whatever they like
        return FILE
    return KEYRING if is_there else FILE


def _read_file() -> dict[str, dict[str, str]]:
    try:
        return dict(json.loads(tokens_path().read_text("utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        raise CliError(f"{tokens_path()} cannot be read: {error}") from error


def _tokens_from(profile: Profile, fields: dict[str, str]) -> Tokens:
    if fields.get("server") != profile.server:
        return Tokens()
    return Tokens(fields.get("personal", ""), fields.get("access", ""), fields.get("refresh", ""))
