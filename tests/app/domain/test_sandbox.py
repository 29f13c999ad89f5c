"""A machine takes what demands its level of room, or less."""

import pytest

from app.domain import sandbox
from app.domain.sandbox import SandboxLevel

NONE, PROCESSES, FULL = SandboxLevel


@pytest.mark.parametrize(
    ("demanded", "sufficient"),
    [
        (None, {None, NONE, PROCESSES, FULL}),
        (NONE, {None, NONE, PROCESSES, FULL}),
        (PROCESSES, {PROCESSES, FULL}),
        (FULL, {FULL}),
    ],
)
def test_a_level_takes_what_demands_no_more(
    demanded: SandboxLevel | None, sufficient: set[SandboxLevel | None]
):
    found = {level for level in (None, *SandboxLevel) if sandbox.is_sufficient(level, demanded)}
    assert found == sufficient
