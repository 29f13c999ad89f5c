"""Why a stage was suspended: by our order, or by its agent's facts."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from muster.protocol.frames import Author, Repo
from muster.worker.agents import suspension
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS, AdapterRegistry
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.agents.suspension import Suspension
from muster.worker.shim.spool import SpoolWriter
from muster.worker.shim.wire import StageExit

SPENT = {"failure": {"kind": "quota", "message": "Spent.", "resetsAt": 1_800_000_000.5}}
WAITS = Suspension("quota", "Spent.", 1_800_000_000_500)
UNKNOWN = Suspension("quota", "Spent.")


def make_state(**given: Any) -> AttemptState:
    fields = {"is_agent": True, "agent": "claude", "on_limit": "suspend", **given}
    at = {"repo": Repo("u", "main", "b"), "author": Author("Ada", "ada@dev.example")}
    return AttemptState(stage_index=0, stage_name="develop", **at, **fields)


def ended(how: str = "exit", code: int = 1, **facts: Any) -> StageExit:
    return StageExit(0, how, code, "", 0, 0, 0, facts)


def spent(**given: Any) -> StageExit:
    return ended(failure={**SPENT["failure"], **given})


@pytest.mark.parametrize(
    ("order", "end", "expected"),
    [
        pytest.param(make_state(), ended(**SPENT), WAITS, id="as it says"),
        pytest.param(make_state(), ended("signal", 9, **SPENT), WAITS, id="also where it is ended"),
        pytest.param(make_state(), ended("timeout", 0, **SPENT), None, id="not after its time"),
        pytest.param(
            make_state(), ended("stopped", 0, **SPENT), None, id="nor where it was stopped"
        ),
        pytest.param(make_state(), ended("lease", 0, **SPENT), None, id="nor fenced"),
        pytest.param(
            make_state(on_limit="fail"), ended(**SPENT), None, id="where that is not ordered"
        ),
        pytest.param(make_state(is_agent=False), ended(**SPENT), None, id="of a shell stage"),
        pytest.param(make_state(agent="custom"), ended(**SPENT), None, id="of a project's command"),
        pytest.param(
            make_state(), spent(kind="rate_limit"), WAITS, id="asked for too much of late"
        ),
        pytest.param(make_state(), spent(kind="overloaded"), WAITS, id="its server is busy"),
        pytest.param(make_state(), spent(kind="auth"), None, id="a wrong key is no limit"),
        pytest.param(make_state(), spent(kind=["quota"]), None, id="a kind that is none"),
        pytest.param(make_state(), ended(failure=None), None, id="it got on"),
        pytest.param(make_state(), ended(failure="quota"), None, id="no failure's form"),
        pytest.param(make_state(), ended(), None, id="it says nothing"),
        pytest.param(make_state(), spent(resetsAt=None), UNKNOWN, id="no time"),
        pytest.param(make_state(), spent(resetsAt=True), UNKNOWN, id="a time that is none"),
        pytest.param(make_state(), spent(resetsAt="soon"), UNKNOWN, id="a time in words"),
        pytest.param(make_state(), spent(resetsAt=-1), UNKNOWN, id="a time before all"),
        pytest.param(make_state(), spent(resetsAt=1 << 33), UNKNOWN, id="a time after all"),
        pytest.param(make_state(), spent(resetsAt=float("nan")), UNKNOWN, id="no number"),
        pytest.param(
            make_state(), spent(message=7, resetsAt=None), Suspension("quota"), id="no words"
        ),
        pytest.param(
            make_state(suspended_by="budget"),
            ended("stopped", 0),
            Suspension("budget"),
            id="our order",
        ),
        pytest.param(
            make_state(suspended_by="budget"),
            ended("exit", 0),
            None,
            id="it was done before our order",
        ),
        pytest.param(
            make_state(suspended_by="budget", is_agent=False, on_limit="fail"),
            ended("stopped", 0, **SPENT),
            Suspension("budget"),
            id="our order, whatever it says",
        ),
    ],
)
def test_a_stage_is_suspended_by_our_order_or_by_its_agents_own_word(
    tmp_path: Path, order: AttemptState, end: StageExit, expected: Suspension | None
) -> None:
    assert suspension.find_suspension(BUILTIN_ADAPTERS, order, end, tmp_path) == expected


def test_an_agents_words_are_short(tmp_path: Path) -> None:
    found = suspension.find_suspension(
        BUILTIN_ADAPTERS, make_state(), spent(message="x" * 9000), tmp_path
    )
    assert found is not None
    assert found.message == "x" * 2000


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        pytest.param({"rate_limit": "slow down"}, Suspension("quota"), id="its own"),
        pytest.param({"auth_failure": "slow down"}, None, id="of another failure"),
        pytest.param({}, None, id="anybody's"),
    ],
)
def test_words_suspend_only_where_its_adapter_knows_them(
    tmp_path: Path, failures: dict[Any, str], expected: Suspension | None
) -> None:
    spool = SpoolWriter(tmp_path, 1 << 20)
    spool.append(b"429 Too Many Requests: slow down, your quota is used", 0, 0)
    [claude] = (each for each in BUILTIN_ADAPTERS if each.name == "claude")
    end = ended()._replace(log_end=spool.end_offset)
    own = AdapterRegistry([replace(claude, failures=failures)])
    assert suspension.find_suspension(own, make_state(), end, tmp_path) == expected
