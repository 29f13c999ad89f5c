"""Which daemon a start runs: the base's own, or a chosen release's in its place."""

from pathlib import Path

import pytest

from muster.worker import launcher
from muster.worker.layout import Layout
from muster.worker.upgrades import canary, choice, releases
from muster.worker.upgrades.choice import ReleaseChoice

NAME = "a" * 12 + "-" + "b" * 8


class Ran(Exception):
    """The daemon of the environment that it names."""


class World:
    def __init__(self, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
        self.layout = layout
        self.lack: str | OSError = ""
        monkeypatch.setattr(releases, "base_identity", lambda: "base")
        monkeypatch.setattr(releases, "startup_problem", self._lacks)
        monkeypatch.setattr(canary, "exec_worker", self._become)
        (layout.releases / NAME).mkdir()
        (layout.releases / NAME / releases.COMPLETE_FILE_NAME).touch()
        choice.save(layout, ReleaseChoice("base", release=NAME))

    def start(self) -> str:
        with pytest.raises(Ran) as ran:
            launcher.run(self.layout.home, [], self._base)
        return str(ran.value)

    def _base(self, *_: object) -> None:
        raise Ran("base")

    def _become(self, python: Path, _arguments: list[str]) -> None:
        assert python == releases.python_path(self.layout, NAME)
        raise Ran("release")

    def _lacks(self, _python: Path) -> str:
        if isinstance(self.lack, OSError):
            raise self.lack
        return self.lack


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    layout = Layout(tmp_path / "home")
    layout.make()
    return World(layout, monkeypatch)


def test_a_start_becomes_what_is_chosen(world: World) -> None:
    assert world.start() == "release"


@pytest.mark.parametrize(
    "trouble", [TimeoutError("it doesn't start within 30 s"), BlockingIOError("try again")]
)
def test_a_machine_that_is_short_of_something_forgets_no_release(
    trouble: OSError, world: World
) -> None:
    world.lack = trouble
    assert world.start() == "release"
    assert choice.load(world.layout) == ReleaseChoice("base", release=NAME)


@pytest.mark.parametrize("is_there", [True, False], ids=["broken", "gone"])
def test_what_cannot_be_run_any_more_is_forgotten(is_there: bool, world: World) -> None:
    world.lack = "SyntaxError"
    if not is_there:
        world.lack = ""
        (world.layout.releases / NAME / releases.COMPLETE_FILE_NAME).unlink()
    assert world.start() == "base"
    assert choice.load(world.layout) == ReleaseChoice("base")


def test_a_full_disk_keeps_no_base_from_starting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    world.lack = "SyntaxError"
    monkeypatch.setattr(choice, "save", full)
    assert world.start() == "base"
