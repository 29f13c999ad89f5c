"""The recordings: lines of JSON, one file for each scenario, with nothing of a machine in them."""

import json
import re

import pytest

from tests.agents.record import IDS, OUTPUT_LOGS, RECORDED, RECORDINGS

NAMES = [f"{agent.name}-{scenario}" for agent, scenario in RECORDINGS]
NEUTRAL = re.compile(r"0{8}-0{4}-4000-8000-\d{12}")
OF_A_MACHINE = re.compile(r"/tmp|/root|/var|127\.0\.0\.1|localhost|-tmp-")


def test_each_scenario_is_recorded_and_nothing_else() -> None:
    assert sorted(path.stem for path in RECORDED.glob("*.jsonl")) == sorted(NAMES)
    assert set(json.loads((RECORDED / "endings.json").read_text())) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_could_be_of_any_machine(name: str) -> None:
    text = (RECORDED / f"{name}.jsonl").read_text()
    assert all(isinstance(json.loads(line), dict) for line in text.splitlines())
    assert [found[0] for found in OF_A_MACHINE.finditer(text)] == []
    assert [found[0] for found in IDS.finditer(text) if not NEUTRAL.fullmatch(found[0])] == []


@pytest.mark.parametrize(
    "name", [f"{agent}-{each}" for agent in OUTPUT_LOGS for each in OUTPUT_LOGS[agent]]
)
def test_a_log_could_be_of_any_machine(name: str) -> None:
    text = (RECORDED / f"{name}.log").read_text()
    assert text
    assert [found[0] for found in OF_A_MACHINE.finditer(text)] == []
