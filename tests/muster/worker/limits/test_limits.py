"""An attempt's default limits, and the messages for exceeding them."""

import pytest

from muster.worker.limits import limits
from muster.worker.limits.limits import DEFAULT_OPEN_FILES, DEFAULT_PROCESSES, AttemptLimits, Breach

GIB = 1 << 30


@pytest.mark.parametrize(
    ("memory", "slots", "expected"),
    [
        pytest.param(64 * GIB, 2, 24 * GIB, id="its part of three quarters"),
        pytest.param(64 * GIB, 1, 48 * GIB, id="a machine for one"),
        pytest.param(64 * GIB, 100, 4 * GIB, id="4 GiB, however many there are"),
        pytest.param(4 * GIB, 4, 3 * GIB, id="three quarters of a small machine"),
        pytest.param(4 * GIB, 0, 3 * GIB, id="no slots"),
    ],
)
def test_memory_is_shared_but_not_cut_too_small(memory: int, slots: int, expected: int) -> None:
    assert limits.default_limits(memory, 100 * GIB, slots).memory == expected


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        pytest.param(500 * GIB, 20 * GIB, id="much is free"),
        pytest.param(30 * GIB, 15 * GIB, id="half of what is free"),
        pytest.param(1 * GIB, 1 * GIB, id="one at least"),
    ],
)
def test_disk_is_what_is_free(free: int, expected: int) -> None:
    assert limits.default_limits(8 * GIB, free, 2) == AttemptLimits(
        4 * GIB, DEFAULT_PROCESSES, DEFAULT_OPEN_FILES, expected
    )


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (5, "5 bytes"),
        (1536, "1.5 KiB"),
        (64 << 20, "64 MiB"),
        (20 * GIB, "20 GiB"),
        (1 << 41, "2 TiB"),
    ],
)
def test_sizes_are_said_as_people_do(number: int, expected: str) -> None:
    assert limits.format_bytes(number) == expected


@pytest.mark.parametrize(
    ("breach", "code", "option"),
    [
        (limits.memory_breach(64 << 20, 65 << 20), "memory_exceeded", "--attempt-memory"),
        (limits.processes_breach(64, 65), "processes_exceeded", "--attempt-processes"),
        (limits.disk_breach(64 << 20, 65 << 20), "disk_exceeded", "--attempt-disk"),
    ],
    ids=["memory", "processes", "disk"],
)
def test_a_breach_names_limit_use_and_option(breach: Breach, code: str, option: str) -> None:
    assert breach.code == code
    assert f"set the limit with `worker run {option}`" in breach.message
    assert "64" in breach.message
    assert "65" in breach.message
