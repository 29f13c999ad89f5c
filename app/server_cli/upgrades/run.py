"""An upgrade, step by step, and the rollback."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from app.domain import release_order
from app.server_cli.backups import operations as backups
from app.server_cli.backups import schema as revisions
from app.server_cli.backups.errors import BackupError
from app.server_cli.local.errors import OperateError
from app.server_cli.local.screen import Screen
from app.server_cli.upgrades import environment, releases
from app.server_cli.upgrades.releases import (
    MIGRATING,
    PREPARING,
    SWITCHING,
    InstalledReleases,
    InterruptedUpgrade,
    Release,
)
from app.server_cli.upgrades.server import RESTART_ORDER, InstalledServer, ReleaseCommandFailed
from app.server_cli.upgrades.wheel import Wheel

LOGS_HINT = "`muster-server logs` shows the processes' logs."


@dataclass
class Upgrade:
    """`current` is the release that runs this."""

    server: InstalledServer
    current: Release
    screen: Screen

    def release_directory(self, wheel: Wheel) -> Path:
        """Return the directory of the wheel's release."""
        return self.server.paths.releases / wheel.label

    def find_interrupted(self, wheel: Wheel) -> InterruptedUpgrade | None:
        """Return the interrupted upgrade that this run continues. Raises OperateError."""
        begun = releases.load_interrupted(self.server.paths)
        if begun is not None and begun.step != PREPARING:
            if Path(begun.to.python).parents[1] == self.release_directory(wheel):
                return begun
            raise OperateError(
                f"an upgrade to {begun.to.version} was interrupted while {begun.step}: run it "
                "with its wheel again to continue, or go back with `muster-server upgrade "
                "--rollback`"
            )
        if (why := release_order.find_refusal(self.current.version, wheel.version)) is not None:
            raise OperateError(why)
        environment.require_space(self.server.paths.releases)
        if missing := self.server.missing():
            raise OperateError(
                f"fix the server first: {missing}\nRun `muster-server doctor` for advice."
            )
        return None

    def run(self, wheel: Wheel, backup: Path | None, passphrase: str) -> None:
        """`backup`: path of the backup; None for no backup.

        Raises OperateError, OSError; then the server is unchanged, or the message describes its
        state.
        """
        begun = self.find_interrupted(wheel)
        to = Release(wheel.version, str(self.release_directory(wheel) / "bin" / "python"))
        if begun is None:
            begun = InterruptedUpgrade(PREPARING, self.current, to)
            releases.store_interrupted(self.server.paths, begun)
            begun, schema = self._prepare(begun, wheel, backup, passphrase)
        else:
            self.screen.step(f"resuming the upgrade that was interrupted while {begun.step}")
            schema = self._install(to, wheel)
        if begun.step != SWITCHING:
            begun = self._migrate(begun)
        self._switch(begun)
        self._settle(InstalledReleases(to, begun.before), schema)

    def roll_back(self) -> None:
        """Go back to the previous release. Raises OperateError."""
        begun = releases.load_interrupted(self.server.paths)
        if begun is None:
            used = releases.load_releases(self.server.paths)
            if used is None or used.before is None:
                raise OperateError("there is no previous release to go back to")
            begun = InterruptedUpgrade(SWITCHING, used.before, used.now)
            releases.store_interrupted(self.server.paths, begun)
        if begun.step == SWITCHING:
            self._restore_previous(begun)
        else:
            self._leave_database(begun)
        releases.clear_interrupted(self.server.paths)
        self.screen.line(
            f"\nMuster {begun.before.version} is running again. {self._backup_text(begun)}"
        )

    def _prepare(
        self, begun: InterruptedUpgrade, wheel: Wheel, backup: Path | None, passphrase: str
    ) -> tuple[InterruptedUpgrade, str]:
        """Return the upgrade's progress and the schema of the new release."""
        with self._without_server_changes(begun):
            schema = self._install(begun.to, wheel)
            if backup is not None:
                self.screen.step(f"backing up to {backup}")
                self._back_up(backup, passphrase)
                begun = dataclasses.replace(begun, backup=str(backup))
            # From here on the running release may find the database as the new release needs it,
            # maybe already after a rollback.
            self.server.allow_ahead([self.server.schema() or "", schema])
            return self._record_step(begun, MIGRATING), schema

    def _install(self, to: Release, wheel: Wheel) -> str:
        """Create its environment and check that a server starts with it. Returns its schema."""
        self.screen.step(f"installing {wheel.version} in {self.release_directory(wheel)}")
        environment.create_environment(self.release_directory(wheel), wheel)
        self.screen.step("checking that the release works")
        try:
            found = self.server.check(to)
        except ReleaseCommandFailed:
            environment.mark_incomplete(self.release_directory(wheel))
            raise
        if found["version"] != wheel.version:
            raise OperateError(f"{wheel.path} reports the version {found['version']}")
        return found["schema"]

    def _back_up(self, file: Path, passphrase: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = self.server.settings
        url = settings["SQLALCHEMY_DATABASE_URI"]
        try:
            backups.create_backup(file, passphrase, url, backups.get_keys(settings))
        except (BackupError, psycopg2.Error) as problem:
            raise OperateError(f"can't make the backup: {str(problem).strip()}") from None

    def _migrate(self, begun: InterruptedUpgrade) -> InterruptedUpgrade:
        """Migrate while the old release runs. Everything or nothing, if the migration is one
        transaction.
        """
        with self._without_server_changes(begun):
            self.screen.step("migrating the database, while the server keeps running")
            self.server.migrate(begun.to)
        return self._record_step(begun, SWITCHING)

    def _switch(self, begun: InterruptedUpgrade) -> None:
        """Switch units and processes to the new release. Raises OperateError after a rollback."""
        try:
            self._write_units(begun.to)
            self._restart_processes(begun.to)
        except (Exception, KeyboardInterrupt) as problem:
            why = str(problem) or "interrupted"
            self.screen.mark_failed()
            try:
                self._restore_previous(begun)
            except (OperateError, OSError) as worse:
                raise OperateError(
                    f"{why}\n{worse}\n"
                    f"Both {begun.to.version} and {begun.before.version} are unhealthy. "
                    f"{LOGS_HINT} {self._backup_text(begun)} "
                    f"To try again, run `muster-server upgrade --rollback`."
                ) from None
            releases.clear_interrupted(self.server.paths)
            raise OperateError(
                f"{why}\n"
                f"{begun.to.version} is unhealthy; {begun.before.version} is running again. "
                f"{LOGS_HINT} {self._backup_text(begun)}"
            ) from None

    def _restore_previous(self, begun: InterruptedUpgrade) -> None:
        """Restore the previous units and processes on the current database: a release works on the
        next one's schema, and data that was written meanwhile stays.
        """
        self._leave_database(begun)  # so that a host that restarts from here on comes up
        self.screen.step(f"going back to {begun.before.version}")
        self._write_units(begun.before)
        self._leave_database(begun)  # if its engines didn't run until now
        self._restart_processes(begun.before)
        if self.current != begun.before:  # after a finished upgrade
            releases.store_releases(self.server.paths, InstalledReleases(begun.before))

    def _write_units(self, release: Release) -> None:
        """Write the release's units. The engines run afterwards."""
        self.server.write_units(release)
        self.server.start_engines()

    def _leave_database(self, begun: InterruptedUpgrade) -> None:
        """Let the previous release accept the database as it is. If no engines run, the setting
        doesn't change.
        """
        with contextlib.suppress(OperateError):
            self._allow_ahead(revisions.newest_revision() if self.current == begun.before else "")

    def _allow_ahead(self, newest: str) -> None:
        """Let a release with schema `newest` accept a database at a later one. No other revision is
        named, because an older release would have to refuse it.
        """
        schema = self.server.schema()
        self.server.allow_ahead([schema] if schema and schema != newest else [])

    def _restart_processes(self, release: Release) -> None:
        for process in RESTART_ORDER:
            if self.server.is_running(process, release):
                continue
            self.screen.step(f"restarting {process} as {release.version}")
            self.server.restart(process, release)
        self.screen.step("checking that everything is healthy, and stays so")
        self.server.require_healthy(release)

    def _settle(self, used: InstalledReleases, schema: str) -> None:
        releases.store_releases(self.server.paths, used)
        self._allow_ahead(schema)
        releases.clear_interrupted(self.server.paths)
        gone = releases.remove_unused(self.server.paths, used)
        self.screen.line(f"\nMuster {used.now.version} is running.")
        if gone:
            self.screen.line(f"Removed old releases: {', '.join(gone)}.")

    def _record_step(self, begun: InterruptedUpgrade, step: str) -> InterruptedUpgrade:
        releases.store_interrupted(
            self.server.paths, noted := dataclasses.replace(begun, step=step)
        )
        return noted

    def _backup_text(self, begun: InterruptedUpgrade) -> str:
        made = f"The earlier backup is {begun.backup}. " if begun.backup else ""
        return f"{made}The database keeps everything written since."

    @contextlib.contextmanager
    def _without_server_changes(self, begun: InterruptedUpgrade) -> Iterator[None]:
        """Leave all running processes alone inside this context. An error ends the upgrade, unless
        the database already has the next release's schema.
        """
        schema = self.server.schema()
        try:
            yield
        except (OperateError, OSError, KeyboardInterrupt) as problem:
            if self.server.schema() != schema:
                raise
            self._leave_database(begun)
            releases.clear_interrupted(self.server.paths)
            words = f"Nothing has changed: Muster {self.current.version} is still running."
            raise OperateError(f"{str(problem) or 'interrupted'}\n{words}") from None


def default_backup_path(directory: Path, version: str) -> Path:
    """Return the default path of the backup before an upgrade from that version."""
    return directory / f"before-{version}-{time.strftime('%Y%m%d-%H%M%S')}"
