"""`muster-server upgrade` with requests that it can't fulfil."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.server_cli import main, upgrade
from app.server_cli.installation import paths, systemd
from app.server_cli.upgrades import releases, wheel
from app.server_cli.upgrades.releases import MIGRATING, SWITCHING, InterruptedUpgrade, Release
from app.server_cli.upgrades.server import InstalledServer
from tests.app.server_cli.upgrades.test_wheel import NAME, WHOLE, packed


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user without a server."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "MUSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user with version 0.1.0, whose units start this Python."""
    monkeypatch.setattr(upgrade, "__version__", "0.1.0")
    (settings := home / ".config" / "muster" / "muster.env").parent.mkdir(parents=True)
    settings.write_text(f'MUSTER_HOME="{home}"\n')
    (units := home / ".config" / "systemd" / "user").mkdir(parents=True)
    (units / "muster-web.service").write_text(f"[Service]\nExecStart={sys.executable} -m x\n")
    monkeypatch.setattr(systemd, "is_running", lambda _: True)
    monkeypatch.setattr(InstalledServer, "missing", lambda _: "")
    return home


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["upgrade", *words])
    return done.exit_code, done.output


def test_it_wants_a_wheel_or_the_way_back() -> None:
    assert run()[0] == 2
    assert run("a.whl", "--rollback")[0] == 2


@pytest.mark.parametrize(
    "option", ["--dry-run", "--backup=a", "--no-backup", "--passphrase-file=a"]
)
def test_going_back_leaves_no_option_unheard(option: str, installed: Path) -> None:
    status, output = run("--rollback", option)
    assert (status, "--rollback takes no other options" in output) == (2, True), output


def test_where_nothing_is_installed_it_says_what_to_do_instead(home: Path) -> None:
    status, output = run(str(home / NAME))
    assert status == 1
    assert "To upgrade the one `muster-server up` runs" in output


def test_where_no_systemd_runs_nothing_could_be_restarted(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "is_running", lambda _: False)
    assert "systemd isn't running here" in run(str(packed(installed, WHOLE)))[1]


def test_dry_it_says_what_would_be_done_and_does_nothing(installed: Path) -> None:
    file = packed(installed, WHOLE)
    before = sorted(installed.rglob("*"))
    status, output = run(str(file), "--dry-run")
    assert status == 0, output
    assert "Upgrading Muster 0.1.0 to 0.2.0 would" in output
    assert sorted(installed.rglob("*")) == before


LEFT = {MIGRATING: ["  migrate", "  restart"], SWITCHING: ["  restart"]}


@pytest.fixture(params=LEFT)
def cut_off(request: pytest.FixtureRequest, installed: Path) -> InterruptedUpgrade:
    """An upgrade of before, to the wheel's release."""
    where = paths.find_paths(user=True)
    label = wheel.read_wheel(packed(installed, WHOLE)).label
    to = Release("0.2.0", str(where.releases / label / "bin" / "python"))
    begun = InterruptedUpgrade(
        request.param, Release("0.1.0", sys.executable), to, backup="/the/backup"
    )
    releases.store_interrupted(where, begun)
    return begun


def test_dry_after_one_was_cut_off_it_says_what_is_left(
    cut_off: InterruptedUpgrade, installed: Path
) -> None:
    status, output = run(str(installed / NAME), "--dry-run")
    assert status == 0, output
    assert f"interrupted while {cut_off.step} would" in output
    steps = [line for line in output.splitlines() if line.startswith("  ")]
    assert steps[0] == "  make no backup: the earlier one is /the/backup"
    assert [" ".join(step.split(" ")[:3]) for step in steps[1:]] == LEFT[cut_off.step]


def test_after_one_was_cut_off_no_backup_of_before_is_promised(
    cut_off: InterruptedUpgrade, installed: Path
) -> None:
    status, output = run(str(installed / NAME), "--backup", str(installed / "mine"))
    assert (status, "too late for a backup, remove --backup" in output) == (1, True), output


def test_what_runs_already_is_refused(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "__version__", "0.2.0")
    status, output = run(str(packed(installed, WHOLE)))
    assert (status, "0.2.0 is already running here" in output) == (1, True), output


def test_another_environment_than_that_of_the_units_does_not_do_it(installed: Path) -> None:
    unit = installed / ".config" / "systemd" / "user" / "muster-web.service"
    unit.write_text('[Service]\nExecStart="/opt/my muster/bin/python" -m x\n')
    assert "run `/opt/my muster/bin/muster-server upgrade" in run(str(packed(installed, WHOLE)))[1]


def test_there_is_nothing_to_go_back_to(installed: Path) -> None:
    assert "no previous release" in run("--rollback")[1]


def test_without_a_passphrase_nothing_is_begun(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSTER_BACKUP_PASSPHRASE", raising=False)
    status, output = run(str(packed(installed, WHOLE)))
    assert (status, "no passphrase: set MUSTER_BACKUP_PASSPHRASE" in output) == (1, True), output
    assert not (installed / ".local").exists()
