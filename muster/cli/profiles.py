"""Named profiles of servers.

They're in `config.toml` under `$XDG_CONFIG_HOME/muster`. It contains no secrets: see `tokens`.
"""

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from muster.cli.errors import BadUsage, CliError

_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
_FILE_HEADER = "# Written by `muster login` and `muster config`; you can edit it by hand.\n"


@dataclass(frozen=True)
class Profile:
    """A server and its sign-in. `tokens` is where the tokens are stored: `keyring` or `file`."""

    name: str
    server: str
    user: str = ""
    tokens: str = "file"
    ca_file: str = ""


@dataclass(frozen=True)
class Config:
    """All profiles, and the name of the default one."""

    profiles: Mapping[str, Profile]
    current: str = ""

    def with_profile(self, profile: Profile) -> "Config":
        return replace(
            self, profiles={**self.profiles, profile.name: profile}, current=profile.name
        )

    def find_profile(self, name: str) -> Profile:
        """Return the profile of that name. Raises BadUsage."""
        if name not in self.profiles:
            from muster.cli.suggestions import with_suggestion

            known = ", ".join(self.profiles) or "none yet (muster login creates one)"
            text = with_suggestion(f"Profile {name!r} not found.", [name], self.profiles)
            raise BadUsage(text, advice=f"Profiles: {known}")
        return self.profiles[name]

    def find_by_server(self, server: str) -> Profile | None:
        """Return the server's profile: of several the current one, else the first."""
        found = [profile for profile in self.profiles.values() if profile.server == server]
        return next((profile for profile in found if profile.name == self.current), None) or next(
            iter(found), None
        )


def config_directory() -> Path:
    """Return the directory of all stored files."""
    base = os.environ.get("XDG_CONFIG_HOME") or ""
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "muster"


def config_path() -> Path:
    return config_directory() / "config.toml"


def read_config() -> Config:
    """Read the file, ignoring fields that this release doesn't know. Raises CliError."""
    try:
        document = tomllib.loads(config_path().read_text("utf-8"))
    except FileNotFoundError:
        return Config({})
    except (OSError, ValueError) as error:
        raise CliError(f"Can't read {config_path()}: {error}") from error
    known = {field for field in Profile.__dataclass_fields__ if field != "name"}
    profiles = {}
    for name, fields in dict(document.get("profiles") or {}).items():
        values = {key: str(value) for key, value in dict(fields).items() if key in known}
        if "server" in values:
            profiles[name] = Profile(name, **values)
    current = str(document.get("profile") or "")
    return Config(profiles, current if current in profiles else next(iter(profiles), ""))


def write_config(config: Config) -> None:
    lines = [_FILE_HEADER, f"profile = {json.dumps(config.current)}\n"]
    for name, profile in config.profiles.items():
        lines.append(f"\n[profiles.{json.dumps(name)}]\n")
        fields = {key: value for key, value in asdict(profile).items() if value and key != "name"}
        lines += [f"{key} = {json.dumps(value)}\n" for key, value in fields.items()]
    write_atomically(config_path(), "".join(lines))


def write_atomically(place: Path, text: str) -> None:
    """Write a file atomically, readable only by its owner. Raises CliError."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}-")  # is 0600
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, place)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CliError(f"Can't write {place}: {error}") from error


def normalize_server_url(given: str) -> str:
    """Normalize a server URL. Raises BadUsage if it's invalid or secrets can't safely go there."""
    url = given.strip().rstrip("/")
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadUsage(f"{given!r} isn't a server URL: {error}") from error
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
        raise BadUsage(f"{given!r} isn't a server URL.", advice="Example: https://muster.example")
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        raise BadUsage(
            f"{given!r} is plain HTTP: others could read your credentials.",
            advice="Use the server's https URL",
        )
    written = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{written}{f':{port}' if port else ''}{parts.path}"


def is_same_origin(url: str, server: str) -> bool:
    """Whether the URL has the server's scheme, host and port."""
    origin = _origin(url)
    return origin is not None and origin == _origin(server)


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    # Browsers read a backslash as a slash, and text before an @ as credentials.
    is_plain = parts.hostname and "\\" not in url and "@" not in parts.netloc
    return (parts.scheme, parts.hostname or "", port) if is_plain else None


def default_name(server: str) -> str:
    """Return the default name of a server's profile: its host and port."""
    parts = urlsplit(server)
    port = f"-{parts.port}" if parts.port else ""
    return f"{(parts.hostname or 'server').replace(':', '.').strip('.')}{port}"


def require_name(name: str) -> str:
    """Return the profile name if it's valid. Raises BadUsage."""
    if not _NAME_PATTERN.fullmatch(name):
        raise BadUsage(
            f"{name!r} isn't a valid profile name.",
            advice="Use up to 64 letters, digits, dots, dashes and underscores",
        )
    return name
