from typing import Any

import pytest

from app.domain.upgrade import Offering, UpgradeState, When, is_offered, standing

NOW = Offering("2", When.NOW, is_carried=True)
BARE = Offering("2", When.IDLE, is_carried=False)


def said(state: str, version: str = "2", why: str = "") -> dict[str, str]:
    return {"state": state, "version": version, "why": why}


@pytest.mark.parametrize(
    ("version", "word", "pinned", "offering", "state", "offered"),
    [
        pytest.param("2", said("current", ""), False, NOW, "current", None, id="the server's"),
        pytest.param("1", None, False, NOW, "unable", None, id="of before"),
        pytest.param("1", said("unable", ""), False, NOW, "unable", None, id="a checkout"),
        pytest.param("1", said("kept", ""), False, NOW, "kept", None, id="its operator says no"),
        pytest.param("1", said("current", ""), True, NOW, "pinned", None, id="an admin says no"),
        pytest.param("1", said("current", ""), False, Offering("2", When.OFF, True), "off", None),
        pytest.param(
            "1", said("current", ""), False, Offering("2", When.IDLE, False), "nothing", None
        ),
        pytest.param("1", said("current", ""), False, NOW, "offered", "2", id="no answer yet"),
        pytest.param("3", said("current", ""), False, NOW, "offered", "2", id="it went back"),
        pytest.param(
            "1", said("failed", "1.9"), False, NOW, "offered", "2", id="failed of another"
        ),
        pytest.param("1", said("preparing"), False, NOW, "preparing", "2"),
        pytest.param("1", said("waiting"), False, NOW, "waiting", "2"),
        pytest.param("1", said("failed"), False, NOW, "failed", "2"),
    ],
)
def test_a_machine_stands_to_the_servers_release_as_all_three_say(
    version: str,
    word: dict[str, Any] | None,
    pinned: bool,
    offering: Offering,
    state: str,
    offered: str | None,
) -> None:
    found = standing(version, word, is_pinned=pinned, offering=offering)
    assert (found.state, found.version) == (state, offered)
    assert bool(found.reason) == (state != UpgradeState.CURRENT), "words say what to do"
    assert is_offered(version, word, is_pinned=pinned, offering=offering) == (offered is not None)


def test_the_machines_own_words_are_told() -> None:
    failed = standing("1", said("failed", why="it ended"), is_pinned=False, offering=NOW)
    assert failed.reason.startswith("it ended. It stays with 1; ")
    waits = standing("1", said("waiting", why="a tunnel"), is_pinned=False, offering=NOW)
    assert waits.reason == "a tunnel; a drain gets it there sooner"
    keeps = standing("1", said("kept", "", "use https"), is_pinned=False, offering=NOW)
    assert keeps.reason == "use https"
    prepares = standing("1", said("preparing", why="no disk"), is_pinned=False, offering=NOW)
    assert prepares.reason == "no disk"
