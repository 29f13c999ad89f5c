"""The handling of an offer: preparing and exiting are stand-ins."""

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from muster.protocol.frames import Upgrade, UpgradeFacts
from muster.worker.layout import Layout
from muster.worker.server.credentials import Credentials
from muster.worker.upgrades import choice, releases, upgrades
from muster.worker.upgrades.choice import FailedRelease, ReleaseChoice
from muster.worker.upgrades.preparation import BrokenRelease, NotPrepared
from muster.worker.upgrades.upgrades import UpgradeReadiness, Upgrades
from tests.muster.worker.upgrades.lookalikes import release

NEW = release("9.0.0")
QUIET = UpgradeReadiness(connected=True)
BUSY = UpgradeReadiness(connected=True, busy="it works")


def known(server: str = "http://127.0.0.1:1") -> Credentials:
    return Credentials(server, "m", "m", 2, "jwt", 1e12, "s", insecure=True)


class World:
    def __init__(self, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
        self.layout = layout
        self.situation = QUIET
        self.trouble: list[Exception] = []
        self.meanwhile: list[Upgrade] = []  # the server's offers while one is prepared
        self.prepared: list[set[str]] = []
        self.left, self.told = threading.Event(), threading.Condition()
        self.said: list[UpgradeFacts] = []  # unread facts
        monkeypatch.setattr(upgrades, "_POLL_SECONDS", 0.01)
        monkeypatch.setattr(upgrades, "_RETRY_DELAYS_SECONDS", (0.02, 0.02))
        monkeypatch.setattr(releases, "base_identity", lambda: "base")
        monkeypatch.setattr(upgrades.Preparation, "make", lambda _, kept: self._make(kept))
        self.its = Upgrades(layout, known, lambda: self.situation, self.left.set, self._changed)

    def _make(self, kept: set[str]) -> None:
        self.prepared.append(kept)
        for offer in self.meanwhile:
            self.its.set_offer(offer)
        if self.trouble:
            raise self.trouble.pop(0)

    def _changed(self) -> None:
        with self.told:
            self.said.append(self.its.facts)
            self.told.notify_all()

    def wait_for(self, condition: Callable[[UpgradeFacts], bool]) -> UpgradeFacts:
        """Return the first matching facts since the last ones; they may be outdated already."""
        with self.told:
            assert self.told.wait_for(lambda: any(map(condition, self.said)), 10), self.said
            while not condition(facts := self.said.pop(0)):
                pass
            return facts

    def wait_for_state(self, state: str) -> UpgradeFacts:
        return self.wait_for(lambda facts: facts.state == state)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    layout = Layout(tmp_path / "home")
    layout.make()
    return World(layout, monkeypatch)


@pytest.fixture
def its(world: World):
    world.its.start()
    yield world.its
    world.its.close()


def test_a_quiet_machine_leaves_for_what_it_is_offered(world: World, its: Upgrades) -> None:
    its.set_offer(Upgrade(NEW, "idle"))
    assert world.left.wait(10)
    begun = ReleaseChoice("base", canary=releases.release_name(NEW), version="9.0.0")
    assert its.canary_choice == begun == choice.load(world.layout)
    assert its.canary_seconds == 60.0
    assert world.prepared == [{"", releases.release_name(NEW)}]


def test_a_busy_one_waits_and_says_so(world: World, its: Upgrades) -> None:
    world.situation = BUSY
    its.set_offer(Upgrade(NEW, "idle"))
    assert world.wait_for_state("waiting") == UpgradeFacts("waiting", "9.0.0", "it works")
    assert its.canary_choice is None
    world.situation = QUIET
    assert world.left.wait(10)


def test_at_once_is_at_once_but_for_a_tunnel(world: World, its: Upgrades) -> None:
    world.situation = msgspec.structs.replace(BUSY, open="somebody is in there")
    its.set_offer(Upgrade(NEW, "now"))
    assert world.wait_for_state("waiting").reason == "somebody is in there"
    world.situation = BUSY
    assert world.left.wait(10)


def test_without_a_server_nobody_leaves(world: World, its: Upgrades) -> None:
    world.situation = UpgradeReadiness(connected=False)
    its.set_offer(Upgrade(NEW, "now"))
    world.wait_for_state("preparing")
    assert not world.left.wait(0.1)


@pytest.mark.parametrize(("lease", "seconds"), [(600.0, 60.0), (30.0, 15.0), (None, 60.0)])
def test_a_trial_ends_within_half_of_the_lease(lease: float | None, seconds: float) -> None:
    assert UpgradeReadiness(connected=True, lease=lease).canary_seconds() == seconds


def test_a_lease_that_is_nearly_over_is_waited_out(world: World, its: Upgrades) -> None:
    world.situation = msgspec.structs.replace(QUIET, lease=6.0)
    its.set_offer(Upgrade(NEW, "now"))
    world.wait_for_state("preparing")
    assert not world.left.wait(0.1)


def test_what_could_not_be_prepared_is_tried_again(world: World, its: Upgrades) -> None:
    world.situation = BUSY
    world.trouble = [NotPrepared("no index")]
    its.set_offer(Upgrade(NEW, "idle"))
    assert world.wait_for(lambda facts: "no index" in facts.reason).state == "preparing"
    world.wait_for_state("waiting")
    assert len(world.prepared) == 2


def test_a_disk_that_is_full_when_it_is_switched_to_is_tried_again(
    world: World, its: Upgrades, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, troubles = choice.save, [OSError("no space left")] * 2

    def full(layout: Layout, made: ReleaseChoice) -> None:
        if troubles:
            raise troubles.pop()
        save(layout, made)

    monkeypatch.setattr(choice, "save", full)
    its.set_offer(Upgrade(NEW, "now"))
    world.wait_for(lambda facts: "will be retried: no space left" in facts.reason)
    assert world.left.wait(10)
    assert len(world.prepared) == 1
    assert its.canary_choice == choice.load(world.layout)


def test_what_does_not_start_is_not_tried_again_until_it_is_another(
    world: World, its: Upgrades
) -> None:
    world.trouble = [BrokenRelease("SyntaxError")]
    its.set_offer(Upgrade(NEW, "now"))
    why = (
        "it doesn't start: SyntaxError; it will be tried again when the server has another package"
    )
    assert world.wait_for_state("failed") == UpgradeFacts("failed", "9.0.0", why)
    its.set_offer(Upgrade(NEW, "idle"))
    assert not world.left.wait(0.1)
    assert len(world.prepared) == 1
    its.set_offer(Upgrade(release("9.0.1", "b"), "now"))
    assert world.left.wait(10)


def test_a_second_try_that_is_owed_begins_later(world: World) -> None:
    name = releases.release_name(NEW)
    choice.save(
        world.layout,
        ReleaseChoice("base", failed=FailedRelease(name, "9.0.0", "cut", may_retry=True)),
    )
    world.its._choice = choice.current(world.layout)
    world.its.start()
    world.its.set_offer(Upgrade(NEW, "now"))
    assert world.wait_for_state("failed").reason == "cut; it will be tried once more within 10 min"
    world.its._started_at -= 601
    assert world.left.wait(10)
    world.its.close()


def test_an_offer_that_is_withdrawn_is_forgotten(world: World, its: Upgrades) -> None:
    world.situation = BUSY
    its.set_offer(Upgrade(NEW, "idle"))
    world.wait_for_state("waiting")
    its.set_offer(Upgrade())
    world.wait_for_state("current")
    world.situation = QUIET
    assert not world.left.wait(0.1)


def test_an_offer_that_is_withdrawn_while_it_is_prepared_is_not_followed(
    world: World, its: Upgrades
) -> None:
    world.meanwhile = [Upgrade()]
    its.set_offer(Upgrade(NEW, "now"))
    world.wait_for_state("preparing")
    world.wait_for_state("current")
    assert not world.left.wait(0.1)
    assert choice.load(world.layout) is None


def test_what_could_not_be_prepared_delays_no_other(
    world: World, its: Upgrades, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrades, "_RETRY_DELAYS_SECONDS", (3600.0, 3600.0))
    world.meanwhile = [Upgrade(release("9.0.1", "b"), "now")]
    world.trouble = [NotPrepared("no index")]
    its.set_offer(Upgrade(NEW, "now"))
    assert world.left.wait(10)
    assert its.canary_choice is not None
    assert its.canary_choice.version == "9.0.1"


def test_at_once_that_became_idle_while_it_was_prepared_is_idle(
    world: World, its: Upgrades
) -> None:
    world.situation = BUSY
    world.meanwhile = [Upgrade(NEW, "idle")]
    its.set_offer(Upgrade(NEW, "now"))
    assert world.wait_for_state("waiting").reason == "it works"
    assert not world.left.is_set()


def test_who_keeps_their_release_is_deaf(tmp_path: Path, world: World) -> None:
    kept = Upgrades(world.layout, known, lambda: QUIET, world.left.set, lambda: None, keeps=True)
    kept.start()
    kept.set_offer(Upgrade(NEW, "now"))
    assert not world.left.wait(0.1)
    assert kept.facts.state == "kept"
    kept.close()


@pytest.mark.parametrize(
    ("server", "state"),
    [
        ("http://muster.example", "kept"),
        ("HTTP://10.0.0.1:8080", "kept"),
        ("https://muster.example", "current"),
        ("http://localhost:8080", "current"),
    ],
)
def test_over_plain_http_anybodys_release_would_come(server: str, state: str, world: World) -> None:
    its = Upgrades(world.layout, lambda: known(server), lambda: QUIET, world.left.set, lambda: None)
    assert its.facts.state == state
    assert ("use https" in its.facts.reason) == (state == "kept")
    its.start()
    its.set_offer(Upgrade(NEW, "now"))
    assert world.left.wait(0.1 if state == "kept" else 10) == (state == "current")
    its.close()


def test_a_checkout_takes_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "base_identity", lambda: "")
    ours = Upgrades(world.layout, known, lambda: QUIET, world.left.set, lambda: None)
    assert ours.facts.state == "unable"
