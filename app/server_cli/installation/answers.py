"""The answers that `muster-server install` needs, from a file or a prompt."""

import dataclasses
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.server_cli.local.errors import OperateError

TLS = ("proxy", "own", "none")
EMBEDDED = "embedded"
Prompt = Callable[[str, str], str]
"""Asks a question that has a default."""


@dataclass(frozen=True)
class Answers:
    """`url` is the address for users and machines. `database` and `redis` are URLs, or "embedded".
    `tls`: "proxy", a proxy at the address `proxy`; "own", the server has `certificate` and `key`;
    "none", it serves this host alone.
    """

    url: str = "http://127.0.0.1:9000"
    port: int = 9000
    tls: str = "none"
    proxy: str = "127.0.0.1"
    certificate: str = ""
    key: str = ""
    database: str = EMBEDDED
    redis: str = EMBEDDED
    admin: str = "admin"

    @property
    def has_engines(self) -> bool:
        return EMBEDDED in (self.database, self.redis)

    def environment(self) -> dict[str, str]:
        """Return the answers as settings."""
        values = {"MUSTER_PORT": str(self.port), "MUSTER_LOCAL_HTTP": "1"}
        if self.tls == "proxy":
            values["MUSTER_PROXY"] = self.proxy
        if self.tls == "own":
            values |= {"MUSTER_TLS_CERT": self.certificate, "MUSTER_TLS_KEY": self.key}
        if self.database != EMBEDDED:
            values["DATABASE_URL"] = self.database
        if self.redis != EMBEDDED:
            values["REDIS_URL"] = self.redis
        return values


def read_answers(path: Path) -> Answers:
    """Read answers from a TOML file. Raises OperateError."""
    try:
        return validate_answers(tomllib.loads(path.read_text()))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise OperateError(f"{path}: {problem}") from None


def prompt_answers(ask: Prompt) -> Answers:
    """Ask a person for the answers. Raises OperateError."""
    given: dict[str, Any] = {"url": ask("Address for users and machines", "")}
    given["port"] = _parse_number(ask("Port to listen on", "9000"))
    given["tls"] = ask("TLS: proxy (one in front), own (certificate), none", "proxy")
    if given["tls"] == "proxy":
        given["proxy"] = ask("Address of the proxy", "127.0.0.1")
    if given["tls"] == "own":
        given["certificate"] = ask("Certificate file, with its chain", "")
        given["key"] = ask("Key file", "")
    given["database"] = ask("PostgreSQL: embedded, or postgresql://…", EMBEDDED)
    given["redis"] = ask("Redis: embedded, or redis://…", EMBEDDED)
    given["admin"] = ask("Name of the first admin", "admin")
    return validate_answers(given)


def validate_answers(given: Mapping[str, Any]) -> Answers:
    """Raise OperateError for invalid answers, with the reason."""
    known = {field.name: field.type for field in dataclasses.fields(Answers)}
    if strange := sorted(set(given) - set(known)):
        raise OperateError(f"unknown answers: {', '.join(strange)}; use {', '.join(known)}")
    for name, value in given.items():
        if type(value) is not known[name]:
            raise OperateError(f"{name} has the wrong type: {value!r}")
    answers = Answers(**given)
    if fault := _find_error(answers):
        raise OperateError(fault)
    return answers


def _find_error(answers: Answers) -> str | None:
    parts = urlsplit(answers.url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        return f"url must be like https://muster.example.org, not {answers.url!r}"
    if not 0 < answers.port < 65536:
        return f"port isn't a port number: {answers.port}"
    if answers.tls not in TLS:
        return f"tls must be one of {', '.join(TLS)}, not {answers.tls!r}"
    if answers.tls == "own":
        for name in ("certificate", "key"):
            path = Path(getattr(answers, name))
            if not path.is_absolute() or not path.is_file():
                return f"{name} must be an absolute path to a file, not {str(path)!r}"
    if answers.database != EMBEDDED and not answers.database.startswith("postgres"):
        return 'database must be "embedded", or like postgresql://user:password@host/database'
    if answers.redis != EMBEDDED and not answers.redis.startswith(("redis://", "rediss://")):
        return 'redis must be "embedded", or like redis://:password@host:6379/0'
    return None


def _parse_number(text: str) -> int:
    if not text.isdecimal():
        raise OperateError(f"{text!r} isn't a number")
    return int(text)
