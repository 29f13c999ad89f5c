import subprocess
import sys
import threading
import time

import psutil
import pytest

from muster.worker.git import git, process
from tests.muster.worker.repositories import silent_server, wait_until_gone


def test_only_path_is_taken_from_the_daemons_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET", "s3cret")
    seen = git.run_git(["-c", "alias.tell=!env", "tell"], tmp_path)
    names = {line.split("=", 1)[0] for line in seen.splitlines()}
    assert "SECRET" not in names
    assert "PATH" in names


def test_no_users_settings_are_read(monkeypatch, tmp_path):
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Somebody\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / ".gitconfig"))
    with pytest.raises(git.GitError):
        git.run_git(["config", "user.name"], tmp_path)


def test_a_failure_speaks_in_gits_own_words(tmp_path):
    with pytest.raises(git.GitError, match="not a git repository") as failure:
        git.run_git(["rev-parse", "HEAD"], tmp_path)
    assert failure.value.message.startswith("fatal: ")


def test_credentials_are_masked_in_what_git_says(tmp_path):
    with pytest.raises(git.GitError) as failure:
        git.run_git(
            ["fetch", "https://ann:t0ken@nowhere.invalid/x?key=hidden"],
            tmp_path,
            env={"GIT_ALLOW_PROTOCOL": "https"},
            secrets=["hidden"],
        )
    everything = failure.value.message + failure.value.stderr
    assert "t0ken" not in everything
    assert "hidden" not in everything


def test_the_message_has_no_progress_lines_and_no_control_characters(tmp_path):
    script = r"!printf 'Receiving objects:  40%% (2/5)\rfatal: \033[31mno\n' >&2; exit 3"
    with pytest.raises(git.GitError) as failure:
        git.run_git(["-c", f"alias.fail={script}", "fail"], tmp_path)
    assert failure.value.message == "fatal: [31mno"


def test_progress_is_reported_with_phase_and_percentage(tmp_path):
    progress = []
    script = r"!printf 'Receiving objects:  40%% (2/5)\rResolving deltas: 100%% (1/1)\n' >&2"
    git.run_git(
        ["-c", f"alias.go={script}", "go"], tmp_path, on_progress=lambda *it: progress.append(it)
    )
    assert progress[-1] == ("Resolving deltas", 100)


def test_what_takes_too_long_is_killed_with_its_children(tmp_path):
    script = f"!sh -c 'echo $$ > {tmp_path}/child; sleep 60; :'"
    with pytest.raises(git.GitTimeout, match="longer than"):
        git.run_git(["-c", f"alias.slow={script}", "slow"], tmp_path, timeout=3.0)
    wait_until_gone(int((tmp_path / "child").read_text()))


def test_cancelling_kills_git_at_once():
    cancelled = threading.Event()
    with silent_server() as (url, wait_for_guest):

        def cancel():
            wait_for_guest()
            cancelled.set()

        threading.Thread(target=cancel).start()
        began = time.monotonic()
        with pytest.raises(git.GitCancelled):
            git.run_git(["ls-remote", url], env={"GIT_ALLOW_PROTOCOL": "git"}, cancelled=cancelled)
    assert time.monotonic() - began < 10
    assert not [child for child in psutil.Process().children() if child.name() == "git"]


def test_a_grandchild_that_keeps_the_pipes_open_does_not_hold_us(tmp_path):
    script = f"!sleep 60 & echo $! > {tmp_path}/child; echo done"
    assert git.run_git(["-c", f"alias.x={script}", "x"], tmp_path, timeout=20) == "done\n"
    wait_until_gone(int((tmp_path / "child").read_text()))


def test_the_ext_transport_never_runs(tmp_path):
    with pytest.raises(git.GitError, match="ext"):
        git.run_git(["ls-remote", f"ext::touch {tmp_path}/ran"], tmp_path)
    assert not (tmp_path / "ran").exists()


def test_our_settings_outrank_those_of_a_repository(tmp_path):
    git.run_git(["init", "--quiet", "."], tmp_path)
    git.run_git(["config", "core.fsmonitor", "/bin/evil"], tmp_path)
    assert git.run_git(["config", "core.fsmonitor"], tmp_path) == "false\n"


def test_a_missing_git_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(git.GitError, match="could not start git"):
        git.run_git(["version"])


def test_standard_input_is_closed(tmp_path):
    assert git.run_git(["-c", "alias.x=!cat", "x"], tmp_path, timeout=10) == ""


def test_output_that_is_no_text_does_no_harm(tmp_path):
    assert "�" in git.run_git(["-c", r"alias.x=!printf '\377'", "x"], tmp_path)


def test_the_daemons_umask_does_not_close_mirrors(tmp_path):
    script = (
        "import os; os.umask(0o077); from pathlib import Path; from muster.worker.git import git;"
        f"git.run_git(['init', '--quiet', '--bare', {str(tmp_path / 'm')!r}])"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert (tmp_path / "m" / "HEAD").stat().st_mode & 0o044 == 0o044


def test_who_writes_without_end_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(process, "MAX_STDOUT_BYTES", 1 << 20)
    began = time.monotonic()
    with pytest.raises(git.GitError, match="wrote more than 1 MiB"):
        git.run_git(["-c", "alias.flood=!yes", "flood"], tmp_path, timeout=60)
    assert time.monotonic() - began < 30
