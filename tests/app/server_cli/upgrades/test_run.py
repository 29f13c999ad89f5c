"""The steps of an upgrade, and the rollback; the server is a stand-in."""

import contextlib
import errno
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.server_cli.backups import schema
from app.server_cli.installation.paths import InstallationPaths
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
from app.server_cli.upgrades.run import Upgrade
from app.server_cli.upgrades.server import ReleaseCommandFailed
from app.server_cli.upgrades.wheel import Wheel
from tests.app.server_cli.upgrades.stand_in import NEW, SCHEMAS, SWITCHED, StandIn, at


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    def make(place: Path, wheel: Wheel) -> None:
        place.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(environment, "create_environment", make)
    monkeypatch.setattr(schema, "newest_revision", lambda: "0055")
    (tmp_path / "share" / "muster-server" / "releases").mkdir(parents=True)
    return StandIn(
        InstallationPaths(tmp_path / "env", tmp_path / "share" / "muster", tmp_path, is_user=True)
    )


@pytest.fixture
def upgrade(server: StandIn) -> Callable[..., Upgrade]:
    def made(version: str = "0.1.0", python: str = "/old/bin/python") -> Upgrade:
        stand_in: Any = server
        return Upgrade(stand_in, Release(version, python), Screen(io.StringIO()))

    return made


def test_what_takes_work_is_restarted_before_what_gives_it(
    server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    upgrade().run(NEW, None, "")
    assert server.done == at("0.2.0", "check", "migrate", *SWITCHED)
    used = releases.load_releases(server.paths)
    assert used is not None
    assert (used.now.version, used.before) == ("0.2.0", Release("0.1.0", "/old/bin/python"))
    assert releases.load_interrupted(server.paths) is None
    assert server.allowed == [["0055", "0056"], []]


def test_one_that_is_not_well_is_made_so_first(
    server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    server.lacks = "no beat"
    with pytest.raises(OperateError, match="fix the server first: no beat"):
        upgrade().run(NEW, None, "")
    assert server.done == []


@pytest.mark.parametrize("step", ["check", "migrate"])
def test_before_anything_is_switched_nothing_has_changed(
    step: str, server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    server.fails = step
    with pytest.raises(OperateError, match=r"doesn't work\nNothing has changed"):
        upgrade().run(NEW, None, "")
    assert [each for each in server.done if "units" in each] == []
    assert server.ahead == []
    assert (releases.load_releases(server.paths), releases.load_interrupted(server.paths)) == (
        None,
        None,
    )


@pytest.mark.parametrize(("step", "number"), [("units", 0), ("celery", 2), ("gunicorn", 4)])
def test_what_was_restarted_is_so_once_more_and_the_rest_is_left(
    step: str, number: int, server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    server.fails = step
    with pytest.raises(OperateError, match=r"0\.2\.0 is unhealthy; 0\.1\.0 is running again"):
        upgrade().run(NEW, None, "")
    back = server.done[server.done.index(f"{step} 0.2.0") + 1 :]
    assert back == at("0.1.0", "units", *SWITCHED[1 : number + 1], "well")
    assert (server.is_at, server.ahead) == ("0056", ["0056"])
    assert (releases.load_releases(server.paths), releases.load_interrupted(server.paths)) == (
        None,
        None,
    )


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("check", "Nothing has changed: Muster 0.1.0 is still running"),
        ("migrate", "Nothing has changed: Muster 0.1.0 is still running"),
        ("celery", "0.1.0 is running again"),
    ],
)
def test_interrupted_it_leaves_nothing_to_go_on_with(
    step: str, words: str, server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    server.fails, server.problem = step, KeyboardInterrupt
    with pytest.raises(OperateError, match=words):
        upgrade().run(NEW, None, "")
    assert releases.load_interrupted(server.paths) is None


def test_interrupted_while_it_goes_back_it_is_cut_off(
    server: StandIn, upgrade: Callable[..., Upgrade], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(release: Release) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "write_units", interrupt)
    with pytest.raises(KeyboardInterrupt):
        upgrade().run(NEW, None, "")
    begun = releases.load_interrupted(server.paths)
    assert begun is not None
    assert begun.step == SWITCHING


class ClosedTerminal(io.StringIO):
    """A terminal that closes after that many texts."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.left = words

    def write(self, text: str) -> int:
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.EIO, "Input/output error")
        return len(text)


@pytest.mark.parametrize("words", range(8))
@pytest.mark.parametrize("fails", ["", "celery"])
def test_a_terminal_that_is_gone_leaves_nothing_half_switched(
    words: int, fails: str, server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    server.fails, made = fails, upgrade()
    made.screen = Screen(ClosedTerminal(words))
    made.screen.ignore_closed_output()
    with pytest.raises(OperateError, match="again") if fails else contextlib.nullcontext():
        made.run(NEW, None, "")
    wanted = at("0.1.0" if fails else "0.2.0", "dispatcher", "celery")
    assert [step for step in server.done if step in wanted] == wanted
    assert server.done[-1] == at("0.1.0" if fails else "0.2.0", "well")[0]
    assert releases.load_interrupted(server.paths) is None


def test_where_neither_is_well_it_says_so_and_is_not_over(
    server: StandIn, upgrade: Callable[..., Upgrade], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(release: Release) -> None:
        raise OperateError("down")

    monkeypatch.setattr(server, "require_healthy", fail)
    with pytest.raises(OperateError, match=r"Both 0\.2\.0 and 0\.1\.0 are unhealthy"):
        upgrade().run(NEW, None, "")
    begun = releases.load_interrupted(server.paths)
    assert begun is not None
    assert begun.step == SWITCHING


def test_an_interrupted_upgrade_continues_where_it_was(
    server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    made = upgrade()
    to = Release("0.2.0", str(made.release_directory(NEW) / "bin" / "python"))
    releases.store_interrupted(server.paths, InterruptedUpgrade(SWITCHING, made.current, to))
    server.done += at("0.2.0", "dispatcher", "celery")  # before it was cut off
    made.run(NEW, None, "")
    assert server.done[2:] == at("0.2.0", "check", "units", "beat", "gunicorn", "well")


def test_an_upgrade_interrupted_before_any_change_starts_again(
    server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    made = upgrade()
    releases.store_interrupted(
        server.paths,
        InterruptedUpgrade(PREPARING, made.current, Release("0.1.1", "/gone/bin/python")),
    )
    made.run(NEW, None, "")
    assert server.done[0] == "check 0.2.0"


@pytest.mark.parametrize("step", ["", MIGRATING, SWITCHING])
def test_a_release_that_fails_its_check_is_created_again_the_next_time(
    step: str, server: StandIn, upgrade: Callable[..., Upgrade], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(release: Release) -> None:
        raise ReleaseCommandFailed("no such module")

    made = upgrade()
    (made.release_directory(NEW)).mkdir()
    (complete := made.release_directory(NEW) / environment.COMPLETE_MARKER).touch()
    if step:
        to = Release("0.2.0", str(made.release_directory(NEW) / "bin" / "python"))
        releases.store_interrupted(server.paths, InterruptedUpgrade(step, made.current, to))
    monkeypatch.setattr(server, "check", fail)
    with pytest.raises(OperateError, match="no such module"):
        made.run(NEW, None, "")
    assert not complete.exists()
    assert server.done == []


def test_another_wheel_than_that_of_the_one_that_was_cut_off_is_refused(
    server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    made = upgrade()
    other = Release("0.1.1", str(server.paths.releases / "0.1.1-0" / "bin" / "python"))
    releases.store_interrupted(server.paths, InterruptedUpgrade(MIGRATING, made.current, other))
    with pytest.raises(OperateError, match=r"to 0\.1\.1 was interrupted while migrating"):
        made.run(NEW, None, "")


def test_one_goes_back_from_an_upgrade_that_went_well(
    server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    upgrade().run(NEW, None, "")
    used = releases.load_releases(server.paths)
    assert used is not None
    server.done.append("since")
    upgrade(used.now.version, used.now.python).roll_back()
    assert server.done[server.done.index("since") + 1 :] == at("0.1.0", *SWITCHED)
    assert server.ahead == ["0056"]
    assert releases.load_releases(server.paths) == InstalledReleases(
        Release("0.1.0", "/old/bin/python")
    )
    with pytest.raises(OperateError, match="no previous release"):
        upgrade().roll_back()


def test_one_that_was_cut_off_while_migrating_is_gone_back_from_as_far_as_it_was(
    server: StandIn, upgrade: Callable[..., Upgrade]
) -> None:
    made = upgrade()
    for server.is_at, wanted in (("0055", []), ("0056", ["0056"])):
        server.ahead = ["0055", "0056"]
        releases.store_interrupted(
            server.paths, InterruptedUpgrade(MIGRATING, made.current, Release("0.2.0", "/new"))
        )
        made.roll_back()
        assert server.ahead == wanted
    assert server.done == []


def test_an_upgrade_after_a_rollback_still_leaves_the_database_alone(
    server: StandIn, upgrade: Callable[..., Upgrade], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCHEMAS, "0.2.0", "0055")
    monkeypatch.setattr(server, "migrate", lambda _: None)
    server.is_at = "0056"
    upgrade().run(NEW, None, "")
    assert server.allowed == [["0056", "0055"], ["0056"]]


def test_the_way_back_is_noted_before_units_and_after_engines_that_did_not_run(
    server: StandIn, upgrade: Callable[..., Upgrade], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = upgrade()
    server.is_at = "0056"
    releases.store_interrupted(
        server.paths, InterruptedUpgrade(SWITCHING, made.current, Release("0.2.0", "/new"))
    )

    def schema_of_engines() -> str:
        if "units 0.1.0" not in server.done:
            raise OperateError("no engines run")
        return "0056"

    monkeypatch.setattr(server, "schema", schema_of_engines)
    made.roll_back()
    assert server.allowed == [["0056"]]
    assert server.done == at("0.1.0", "units", "well")
