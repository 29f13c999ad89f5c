"""The operator's values apply, and otherwise the machine's own defaults."""

from pathlib import Path

import pytest

from muster.worker.limits import cgroup, sandbox_limits
from muster.worker.limits.cgroup import CgroupsUnavailable, ControlGroups
from muster.worker.limits.limits import AttemptLimits
from muster.worker.limits.sandbox_limits import SandboxLimits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4G", 4 << 30),
        ("4GiB", 4 << 30),
        ("512m", 512 << 20),
        ("1t", 1 << 40),
        ("65536K", 64 << 20),
        ("67108864", 64 << 20),
    ],
)
def test_a_size_has_a_unit_or_is_in_bytes(text: str, expected: int) -> None:
    assert sandbox_limits.parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "much", "-4G", "1.5G", "4X", "15M", "0", "4 G G"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 512M or 4G"):
        sandbox_limits.parse_size(text)


def test_what_was_asked_for_counts(tmp_path: Path) -> None:
    asked = {"memory": 64 << 20, "processes": 100, "files": 200, "disk": 1 << 30}
    assert sandbox_limits.create_limits(tmp_path, 2, asked).limits == AttemptLimits(**asked)


def test_a_machine_without_groups_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(_: Path) -> ControlGroups:
        raise CgroupsUnavailable("/x isn't writable")

    monkeypatch.setattr(cgroup, "find_groups", none)
    caplog.set_level("INFO")
    found = sandbox_limits.create_limits(tmp_path, 2, {})
    assert (found.groups, found.groups_problem) == (None, "/x isn't writable")
    assert "enforced by checks twice a second: /x isn't writable" in caplog.text
    found.remove_stale_groups(())
    assert found.stage_limits("7-1-0", ()).groups == []


def test_a_group_that_is_held_itself_leaves_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text(f"{1 << 30}\n")
    monkeypatch.setattr(cgroup, "find_groups", lambda _: ControlGroups(2, (tmp_path,), "muster-x-"))
    assert sandbox_limits.create_limits(tmp_path, 1, {}).limits.memory == (1 << 30) * 3 // 4
    (tmp_path / "memory.max").write_text("max\n")
    assert sandbox_limits.create_limits(tmp_path, 1, {}).limits.memory > (1 << 30) * 3 // 4


def test_a_sandbox_has_its_limits_its_disk_and_its_groups() -> None:
    groups = ControlGroups(1, (Path("/m"), Path("/p")), "muster-x-")
    held = SandboxLimits(AttemptLimits(1, 2, 3, 4), groups).stage_limits(
        "7-1-0", (Path("/w"), Path("/h"))
    )
    assert held == (1, 2, 3, 4, ["/w", "/h"], ["/m/muster-x-7-1-0", "/p/muster-x-7-1-0"])
