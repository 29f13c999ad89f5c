"""What `--uninstall` of the script removes, and what it leaves."""

import os
from pathlib import Path

import pytest

from tests.app.worker_install.script_run import program, run


@pytest.mark.parametrize("made", [(), ("account",), ("home",), ("account", "home")])
def test_an_account_and_a_home_of_before_stay(
    text: str, tmp_path: Path, made: tuple[str, ...]
) -> None:
    prefix, home = tmp_path / "opt", tmp_path / "lib"
    prefix.mkdir()
    home.mkdir()
    for name in made:
        (prefix / f"made-{name}").touch()
    for place, path in (("/opt/muster-worker", prefix), ("/var/lib/muster-worker", home)):
        text = text.replace(f"={place}", f"={path}")
    here = text.replace("ACCOUNT=muster-worker\n", "ACCOUNT=nobody\n")
    done = run(here, tmp_path, "--uninstall", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"would run: rm -rf {prefix}\n" in done.stdout
    assert ("would run: userdel nobody\n" in done.stdout) == ("account" in made)
    assert (f"would run: rm -rf {home}\n" in done.stdout) == ("home" in made)
    assert done.stdout.count("existed before the installation and stays") == 2 - len(made)


def installed(home: Path, erase: str) -> tuple[Path, Path]:
    """A service of one's own and its release, whose `worker reset` is this line."""
    prefix = home / ".local/share/muster-worker"
    program(prefix / "current/bin", "python", erase)
    (prefix / "home").mkdir()
    unit = home / ".config/systemd/user/muster-worker.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    return unit, prefix


def test_nothing_is_removed_where_ones_own_systemd_does_not_answer(
    text: str, tmp_path: Path
) -> None:
    unit, prefix = installed(tmp_path, "exit 0")
    program(tmp_path / "bin", "systemctl", "exit 1")
    (runtime := tmp_path / "run/systemd").mkdir(parents=True)
    env = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "XDG_RUNTIME_DIR": str(runtime.parent)}
    silent = run(text, tmp_path, "--user", "--uninstall", **env)
    assert (silent.returncode, silent.stdout) == (1, "")
    assert "nothing was removed: the systemd of " in silent.stderr
    assert unit.exists()
    assert prefix.exists()
    runtime.rmdir()  # none runs, and so nothing of it does
    assert run(text, tmp_path, "--user", "--uninstall", **env).returncode == 0
    assert not unit.exists()
    assert not prefix.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another")
@pytest.mark.parametrize("directory", ["", "none", "mine", "another's"])
def test_ones_own_systemd_is_asked_also_out_of_anothers_log_in(
    text: str, tmp_path: Path, directory: str
) -> None:
    installed(tmp_path, "exit 0")
    program(tmp_path / "bin", "systemctl", f'echo "$XDG_RUNTIME_DIR" >>{tmp_path}/asked')
    (tmp_path / "mine").mkdir()
    (tmp_path / "another's").mkdir()
    os.chown(tmp_path / "another's", 65534, 65534)
    runtime = directory and str(tmp_path / directory)
    env = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "XDG_RUNTIME_DIR": runtime}
    assert run(text, tmp_path, "--user", "--uninstall", **env).returncode == 0
    expected = runtime if directory == "mine" else f"/run/user/{os.geteuid()}"
    assert set((tmp_path / "asked").read_text().splitlines()) == {expected}


def test_the_unit_is_there_until_what_it_ran_is_erased(text: str, tmp_path: Path) -> None:
    unit, prefix = installed(tmp_path, "exit 1")
    program(tmp_path / "bin", "systemctl", "exit 0")
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    for _ in range(2):
        failed = run(text, tmp_path, "--user", "--uninstall", PATH=path)
        assert failed.returncode == 1
        assert "no service found" not in failed.stdout
        assert unit.exists()
    program(prefix / "current/bin", "python", "exit 0")
    (link := unit.parent / "multi-user.target.wants" / unit.name).parent.mkdir()
    link.symlink_to(unit)  # as of root's, where no systemd takes it away
    assert run(text, tmp_path, "--user", "--uninstall", PATH=path).returncode == 0
    assert not unit.exists()
    assert not link.is_symlink()


@pytest.mark.parametrize("made", [True, False], ids=["by the script", "before"])
def test_that_one_lingers_is_said_by_what_has_made_it_so(
    text: str, tmp_path: Path, made: bool
) -> None:
    _, prefix = installed(tmp_path, "exit 0")
    program(tmp_path / "bin", "systemctl", "exit 0")
    program(tmp_path / "bin", "id", "echo ann")
    (tmp_path / "linger").mkdir()
    (tmp_path / "linger" / "ann").touch()
    if made:
        (prefix / "made-linger").touch()
    here = text.replace("/var/lib/systemd/linger", str(tmp_path / "linger"))
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    output = run(here, tmp_path, "--user", "--uninstall", PATH=path).stdout
    assert ("`loginctl disable-linger ann`" in output) == made
