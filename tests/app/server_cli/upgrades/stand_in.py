"""A stand-in for the server that is upgraded."""

from pathlib import Path
from types import SimpleNamespace

from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.local.errors import OperateError
from app.server_cli.upgrades.releases import Release
from app.server_cli.upgrades.wheel import Wheel

NEW = Wheel(Path("/new.whl"), "0.2.0", "client", "ab" * 32)
SCHEMAS = {"0.1.0": "0055", "0.2.0": "0056"}
SWITCHED = ["units", "dispatcher", "celery", "beat", "gunicorn", "well"]


class StandIn:
    """Records the steps. Fails at the step `fails` (of the version `of`)."""

    def __init__(self, paths: InstallationPaths) -> None:
        self.paths, self.server = paths, SimpleNamespace(home=paths.home)
        self.done: list[str] = []
        self.fails, self.of = "", "0.2.0"
        self.problem: type[BaseException] = OperateError
        self.is_at = "0055"
        self.ahead: list[str] = []
        self.allowed: list[list[str]] = []
        self.lacks = ""

    def do(self, what: str, release: Release) -> None:
        self.done.append(f"{what} {release.version}")
        if (what, release.version) == (self.fails, self.of):
            raise self.problem(f"{what} doesn't work")

    def missing(self) -> str:
        return self.lacks

    def schema(self) -> str:
        return self.is_at

    def allow_ahead(self, revisions: list[str]) -> None:
        self.ahead = revisions
        self.allowed.append(revisions)

    def check(self, release: Release) -> dict[str, str]:
        self.do("check", release)
        return {"version": release.version, "schema": SCHEMAS[release.version]}

    def migrate(self, release: Release) -> None:
        self.do("migrate", release)
        self.is_at = SCHEMAS[release.version]

    def write_units(self, release: Release) -> None:
        self.do("units", release)

    def start_engines(self) -> None:
        assert self.done[-1].startswith("units ")

    def is_running(self, process: str, release: Release) -> bool:
        mine = [each for each in self.done if each.startswith(f"{process} ")]
        return (mine[-1] if mine else f"{process} 0.1.0") == f"{process} {release.version}"

    def restart(self, process: str, release: Release) -> None:
        self.do(process, release)

    def require_healthy(self, release: Release) -> None:
        self.do("well", release)


def at(version: str, *steps: str) -> list[str]:
    return [f"{step} {version}" for step in steps]
