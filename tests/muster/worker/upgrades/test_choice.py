from pathlib import Path

import pytest

from muster.worker.home_lock import HomeInUse
from muster.worker.layout import Layout
from muster.worker.upgrades import choice, releases
from muster.worker.upgrades.choice import INTERRUPTED, FailedRelease, ReleaseChoice

NAME = "a" * 12 + "-" + "b" * 8


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setattr(releases, "base_identity", lambda: "base")
    made = Layout(tmp_path / "home")
    made.make()
    return made


def test_a_choice_is_of_the_base_that_it_was_made_for(layout: Layout) -> None:
    assert choice.current(layout) == ReleaseChoice("base")
    made = ReleaseChoice("base", release=NAME)
    choice.save(layout, made)
    assert choice.current(layout) == made
    choice.save(layout, ReleaseChoice("another", release=NAME))
    assert choice.current(layout) == ReleaseChoice("base"), "somebody has installed anew"


def test_a_file_that_cannot_be_read_is_no_choice(layout: Layout) -> None:
    layout.release_choice.write_text('{"base": 1')
    assert choice.current(layout) == ReleaseChoice("base")


def test_a_checkout_has_none(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "base_identity", lambda: "")
    choice.save(layout, ReleaseChoice("base", release=NAME))
    assert choice.recover_interrupted(layout) is None


def test_a_trial_that_was_interrupted_is_owed_another_and_one_alone(layout: Layout) -> None:
    choice.save(layout, ReleaseChoice("base", canary=NAME, version="9"))
    once = choice.recover_interrupted(layout)
    assert once == ReleaseChoice(
        "base", failed=FailedRelease(NAME, "9", INTERRUPTED, may_retry=True)
    )
    assert choice.load(layout) == once
    assert once is not None
    choice.save(layout, ReleaseChoice("base", canary=NAME, version="9", failed=once.failed))
    twice = choice.recover_interrupted(layout)
    assert twice == ReleaseChoice(
        "base", failed=FailedRelease(NAME, "9", INTERRUPTED, may_retry=False)
    )


def test_a_trial_that_is_conducted_is_no_other_workers(layout: Layout) -> None:
    choice.save(layout, ReleaseChoice("base", canary=NAME, version="9"))
    with choice.canary_lock(layout), pytest.raises(HomeInUse):
        choice.recover_interrupted(layout)
    assert choice.recover_interrupted(layout) != ReleaseChoice("base", canary=NAME, version="9")


def test_a_home_of_before_has_none(tmp_path: Path, layout: Layout) -> None:
    assert choice.recover_interrupted(Layout(tmp_path / "new")) == ReleaseChoice("base")
