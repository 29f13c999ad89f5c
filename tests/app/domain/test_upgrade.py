from typing import Any

import pytest

from app.domain.upgrade import UpgradeOffer, UpgradeState, UpgradeTiming, is_offered, upgrade_status

NOW = UpgradeOffer("2", UpgradeTiming.NOW, is_bundled=True)
BARE = UpgradeOffer("2", UpgradeTiming.IDLE, is_bundled=False)


def upgrade_facts(state: str, version: str = "2", why: str = "") -> dict[str, str]:
    return {"state": state, "version": version, "reason": why}


@pytest.mark.parametrize(
    ("version", "word", "pinned", "offering", "state", "offered"),
    [
        pytest.param(
            "2", upgrade_facts("current", ""), False, NOW, "current", None, id="the server's"
        ),
        pytest.param("", None, False, NOW, "offered", "2", id="it has not connected yet"),
        pytest.param("", None, True, NOW, "pinned", None, id="an admin says no before that"),
        pytest.param(
            "1", upgrade_facts("unable", ""), False, NOW, "unsupported", None, id="a checkout"
        ),
        pytest.param(
            "1", upgrade_facts("kept", ""), False, NOW, "opted_out", None, id="its operator says no"
        ),
        pytest.param(
            "1", upgrade_facts("current", ""), True, NOW, "pinned", None, id="an admin says no"
        ),
        pytest.param(
            "1",
            upgrade_facts("current", ""),
            False,
            UpgradeOffer("2", UpgradeTiming.OFF, True),
            "off",
            None,
        ),
        pytest.param(
            "1",
            upgrade_facts("current", ""),
            False,
            UpgradeOffer("2", UpgradeTiming.IDLE, False),
            "no_package",
            None,
        ),
        pytest.param(
            "1", upgrade_facts("current", ""), False, NOW, "offered", "2", id="no answer yet"
        ),
        pytest.param(
            "3", upgrade_facts("current", ""), False, NOW, "offered", "2", id="it went back"
        ),
        pytest.param(
            "1", upgrade_facts("failed", "1.9"), False, NOW, "offered", "2", id="failed of another"
        ),
        pytest.param("1", upgrade_facts("preparing"), False, NOW, "preparing", "2"),
        pytest.param("1", upgrade_facts("waiting"), False, NOW, "waiting", "2"),
        pytest.param("1", upgrade_facts("failed"), False, NOW, "failed", "2"),
    ],
)
def test_a_machine_stands_to_the_servers_release_as_all_three_say(
    version: str,
    word: dict[str, Any] | None,
    pinned: bool,
    offering: UpgradeOffer,
    state: str,
    offered: str | None,
) -> None:
    found = upgrade_status(version, word, is_pinned=pinned, offering=offering)
    assert (found.state, found.version) == (state, offered)
    assert bool(found.reason) == (state != UpgradeState.CURRENT), "words say what to do"
    assert is_offered(version, word, is_pinned=pinned, offering=offering) == (offered is not None)


def test_the_machines_own_words_are_told() -> None:
    failed = upgrade_status(
        "1", upgrade_facts("failed", why="it ended"), is_pinned=False, offering=NOW
    )
    assert failed.reason.startswith("it ended. It stays on 1; ")
    waits = upgrade_status(
        "1", upgrade_facts("waiting", why="a tunnel"), is_pinned=False, offering=NOW
    )
    assert waits.reason == "a tunnel; drain it to upgrade sooner"
    keeps = upgrade_status(
        "1", upgrade_facts("kept", "", "use https"), is_pinned=False, offering=NOW
    )
    assert keeps.reason == "use https"
    prepares = upgrade_status(
        "1", upgrade_facts("preparing", why="no disk"), is_pinned=False, offering=NOW
    )
    assert prepares.reason == "no disk"
