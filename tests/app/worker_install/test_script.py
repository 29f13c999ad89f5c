"""The script that makes a host a machine, as far as nothing has to be installed for it."""

import plistlib
import re
import subprocess
import threading
from pathlib import Path
from typing import cast

import pytest

from app.worker_install import packages, script
from muster.protocol.frames import Release
from muster.worker.layout import Layout
from muster.worker.server.rest_client import RestClient
from muster.worker.upgrades import releases
from muster.worker.upgrades.preparation import Preparation
from tests.app.worker_install.script_run import KNOWN, SERVER, TOKEN, program, run
from tests.bundled_wheel import make


@pytest.mark.needs("curl")
@pytest.mark.parametrize("mode", [("--user",), ()], ids=["user", "root"])
def test_a_dry_run_tells_each_step_and_does_none(
    text: str, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    done = run(text, tmp_path, "--dry-run", *mode, MUSTER_ENROLL_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (0, "")
    for step in ("-m venv", "--require-hashes", "worker enroll --server", "worker doctor"):
        assert step in done.stdout
    assert f"--cacert {'/opt' if not mode else tmp_path}" in done.stdout
    assert "--pinnedpubkey sha256//AAAA=" in done.stdout
    assert TOKEN not in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("curl")
def test_a_dry_run_says_of_a_systemd_that_it_does_not_answer(text: str, tmp_path: Path) -> None:
    program(tmp_path / "bin", "systemctl", "exit 1")
    path = f"{tmp_path / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    for booted, words in (("here", "(the systemd of "), ("none", "(systemd isn't running here")):
        (tmp_path / "here").mkdir(exist_ok=True)
        script_ = text.replace("/run/systemd/system", str(tmp_path / booted))
        done = run(script_, tmp_path, "--user", "--dry-run", PATH=path)
        assert (done.returncode, done.stderr) == (0, "")
        assert words in done.stdout


def test_without_a_home_it_says_so(text: str, tmp_path: Path) -> None:
    done = run(text, tmp_path, "--user", "--dry-run", HOME="")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("muster: --user needs HOME")


@pytest.mark.needs("curl")
def test_what_is_installed_is_what_runs(text: str, tmp_path: Path) -> None:
    done = run(text, tmp_path, "--user", "--dry-run")
    choice = Layout(tmp_path / ".local/share/muster-worker/home").release_choice
    removed = done.stdout.index(f"would run: rm -f {choice}\n")
    assert done.stdout.index("worker doctor") < removed < done.stdout.index("control restart")


@pytest.mark.needs("curl")
def test_it_makes_a_release_as_a_worker_makes_one_by_itself(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(text, tmp_path, "--user", "--dry-run")
    wheel, *digests = (
        re.findall(rf"^{name}='?(.*?)'?$", text, re.M)[0]
        for name in ("WHEEL", "WHEEL_SHA256", "REQUIREMENTS_SHA256")
    )
    layout = Layout(tmp_path / "home")
    layout.make()
    release = Release("1", wheel, *digests)
    its = Preparation(layout, release, cast(RestClient, None), threading.Event())
    commands: list[str] = []
    monkeypatch.setattr(its, "_fetch", lambda *_: None)
    monkeypatch.setattr(its, "_run", lambda _, *words, **__: commands.append(" ".join(words)))
    its._make(-1)
    made = layout.releases / releases.release_name(release)
    place = tmp_path / ".local/share/muster-worker/releases" / made.name
    assert f"Installing {wheel} in {place}\n" in done.stdout
    theirs = re.findall("^    would run: (.* -I -m (?:venv|pip) .*)$", done.stdout, re.M)
    # Where it lies, and by which Python it is begun, is each one's own.
    theirs = [re.sub(r"^\S+", "", each).replace("/tmp/muster/", "") for each in theirs]
    ours = [re.sub(r"^\S+", "", each).replace(str(made), str(place)) for each in commands]
    assert theirs == ours
    assert f'"$RELEASE/{releases.COMPLETE_FILE_NAME}"' in text
    assert (made / releases.COMPLETE_FILE_NAME).is_file()
    line = re.findall(r"printf '(.*)' \"\$WHEEL\" \"\$WHEEL_SHA256\" >", text)[0]
    written = (made / "files" / "wheel.txt").read_text()
    assert line.replace("\\n", "\n") % (wheel, digests[0]) == written


def test_it_explains_itself_and_what_was_asked_wrongly(text: str, tmp_path: Path) -> None:
    asked = run(text, tmp_path, "--help")
    assert (asked.returncode, asked.stderr) == (0, "")
    options = set(re.findall(r"^  (--[a-z-]+)", asked.stdout, re.M))
    assert {"--name", "--label", "--slots", "--user", "--uninstall", "--dry-run"} <= options
    wrong = (["--what"], ["--name"], ["--slots", "two"], ["--pin", "sha1"], ["--label", "a\nb"])
    for words in wrong:
        done = run(text, tmp_path, *words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert "--help" in done.stderr


@pytest.mark.needs("curl")
@pytest.mark.parametrize("token", ["", "mst_pat_0", "mst_enroll_", "mst_enroll_x;id"])
def test_without_a_token_nothing_is_made(text: str, tmp_path: Path, token: str) -> None:
    done = run(text, tmp_path, "--user", "--foreground", MUSTER_ENROLL_TOKEN=token)
    assert done.returncode == 1
    assert "MUSTER_ENROLL_TOKEN" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("curl")
def test_nothing_is_loaded_from_where_it_is_begun(text: str, tmp_path: Path) -> None:
    (there := tmp_path / "there").mkdir()
    for name in ("ensurepip", "venv", "hashlib", "pip", "muster"):
        (there / f"{name}.py").write_text(f"open({str(tmp_path / 'owned')!r}, 'w')\n")
    (there / "ca.pem").write_text("")
    # The first alone would do without the second, and a later line may have neither.
    at_home = text.replace("    cd / #", "    : #")
    assert at_home != text
    for script_ in (text, at_home):
        options = ("--user", "--dry-run", "--server-ca", "ca.pem")
        done = run(script_, tmp_path, *options, cwd=there, PYTHONPATH=str(there))
        assert (done.returncode, done.stderr) == (0, "")
        assert f"cp {there}/ca.pem" in done.stdout
    assert not (tmp_path / "owned").exists()
    begun = re.findall(r'"(?:\$name|\$lacking|\$PYTHON|\$1|[^"]*/python)" (-\w+) ', text)
    assert set(begun) == {"-I"}
    assert len(begun) == 9


@pytest.mark.needs("curl")
def test_where_the_server_has_moved_one_says_so_and_the_machine_stays_enrolled(
    text: str, tmp_path: Path
) -> None:
    kept = tmp_path / ".local/share/muster-worker/home/credentials/credentials.json"
    kept.parent.mkdir(parents=True)
    kept.write_text('{"server":"https://old.example.org","machineId":"0"}')
    refused = run(text, tmp_path, "--user", "--dry-run")
    assert refused.returncode == 1
    assert "add --moved to the end of the line" in refused.stderr
    moved = run(text, tmp_path, "--user", "--dry-run", "--moved")
    assert (moved.returncode, moved.stderr) == (0, "")
    assert f"muster worker set-server --server {SERVER} --ca-file " in moved.stdout
    assert "worker enroll" not in moved.stdout
    stopped, written = (moved.stdout.index(f"control {word} ") for word in ("stop", "restart"))
    assert stopped < moved.stdout.index("worker set-server --server") < written
    kept.write_text(f'{{"server":"{SERVER}","machineId":"0"}}')
    for options in ((), ("--moved",)):
        again = run(text, tmp_path, "--user", "--dry-run", *options)
        assert (again.returncode, "worker set-server" in again.stdout) == (0, False)


def test_half_a_script_does_nothing(text: str, tmp_path: Path) -> None:
    cut = text[: text.rindex("main ")]
    done = run(cut, tmp_path, "--user", "--foreground", MUSTER_ENROLL_TOKEN=TOKEN)
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (0, "", [])


def unit(text: str, home: Path, *options: str) -> str:
    output = run(text, home, "--dry-run", *options).stdout
    return "".join(f"{line}\n" for line in re.findall(r"^    \| ?(.*)$", output, re.M))


@pytest.mark.needs("curl")
def test_words_reach_the_worker_as_they_were_given(text: str, tmp_path: Path) -> None:
    strange = 'x y"z%h$HOME\\n'
    unit_text = unit(text, tmp_path, "--user", "--label", "gpu=true", "--", "--mount", strange)
    (command,) = re.findall(r"^ExecStart=(.*?) ?$", unit_text, re.M)
    assert command.endswith(r'"--label" "gpu=true" "--mount" "x y\"z%%h$$HOME\\n"')


@pytest.mark.needs("curl")
def test_the_unit_allows_sandboxes(text: str, tmp_path: Path) -> None:
    unit_text = unit(text, tmp_path)
    for line in ("Delegate=yes", "KillMode=process", "User=muster-worker", "NoNewPrivileges=yes"):
        assert f"\n{line}\n" in unit_text
    # These cover parts of /proc or the control groups, and no room could be made.
    settings = [line for line in unit_text.splitlines() if not line.startswith("#")]
    for line in settings:
        assert not re.match("ProtectKernel(Tunables|Logs)|ProtectControlGroups|ProtectProc", line)
        assert not re.match("RestrictNamespaces|ProcSubset|PrivateUsers|PrivateTmp", line)


@pytest.mark.needs("curl")
@pytest.mark.parametrize("options", [(), ("--user",)], ids=["system", "user"])
def test_the_unit_gives_a_reason_for_each_protection_that_it_lacks(
    text: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    unit_text = unit(text, tmp_path, *options)
    protections = "ProtectHome PrivateDevices CapabilityBoundingSet RestrictAddressFamilies"
    for name in (*protections.split(), "SystemCallFilter", "ProtectSystem", "RestrictNamespaces"):
        is_set = re.search(f"^{name}=", unit_text, re.M)
        assert is_set or re.search(rf"^#.*\b{name}\b", unit_text, re.M), name


@pytest.mark.needs("curl", "systemd-analyze")
def test_systemd_understands_the_unit(text: str, tmp_path: Path) -> None:
    # The command is none that is there, and the account is made by the script alone.
    unit_text = unit(text, tmp_path, "--label", "gpu=true")
    unit_text = re.sub('^ExecStart="[^"]+"', 'ExecStart="/bin/true"', unit_text, flags=re.M)
    unit_text = re.sub("^(User|Group)=.*", r"\1=daemon", unit_text, flags=re.M)
    file = tmp_path / "muster-worker.service"
    file.write_text(unit_text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.needs("shellcheck")
def test_shellcheck_finds_nothing(text: str) -> None:
    done = subprocess.run(
        ["shellcheck", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_line_has_the_token_in_the_environment_of_the_script_alone() -> None:
    assert script.install_command(SERVER, TOKEN, None) == (
        f"curl -fsSL --proto '=https' {SERVER}/install/worker.sh | "
        f"MUSTER_ENROLL_TOKEN={TOKEN} sh -s --"
    )
    assert " -k --pinnedpubkey sha256//AAAA= https" in script.install_command(SERVER, TOKEN, KNOWN)
    assert script.install_command("http://[::1]:9000", TOKEN, None).startswith(
        "curl -fsSL http://[::1]:9000/"
    )


PLAIN = ["http://muster.example.org", "http://10.0.0.7:9000", "http://localhost.example.org"]
HOSTILE = ["https://a b", "https://$(id)", "ftp://a", "https://a'", ""]


@pytest.mark.parametrize("server", [*PLAIN, *HOSTILE])
def test_an_address_that_is_none_is_not_said(server: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a server URL"):
        script.install_command(server, TOKEN, None)
    with pytest.raises(ValueError, match="not a server URL"):
        script.render_script(server, packages.find_packages([make(tmp_path)]), None)


@pytest.mark.needs("curl")
@pytest.mark.parametrize(
    ("of_before", "message"),
    [
        ("exit 1", "no Python 3.11 or newer that every account can run"),
        ('case $3 in *ensurepip*) exit 1 ;; *) echo "$0" ;; esac', "can't create environments"),
    ],
    ids=["old", "no venv"],
)
def test_where_no_python_will_do_it_says_what_to_install(
    text: str, tmp_path: Path, of_before: str, message: str
) -> None:
    found = re.sub(r"for name in python3 [^;]*; do", "for name in python3; do", text)
    assert found != text
    program(tmp_path / "bin", "python3", of_before)
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    done = run(found, tmp_path, "--user", "--foreground", PATH=path, MUSTER_ENROLL_TOKEN=TOKEN)
    assert done.returncode == 1
    assert message in done.stderr
    assert re.search(r"first: (apt|dnf|zypper|apk|pacman|install) ", done.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


@pytest.mark.needs("curl")
def test_on_macos_launchd_is_given_what_it_can_read(text: str, tmp_path: Path) -> None:
    program(tmp_path / "bin", "uname", "echo Darwin")
    path = f"{tmp_path / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    words = ["--user", "--dry-run", "--label", "what=<a & b>"]
    done = run(text, tmp_path, *words, PATH=path, MUSTER_ENROLL_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.removeprefix("    | ") for line in done.stdout.splitlines() if "    | " in line]
    agent = plistlib.loads("\n".join(lines).encode())
    assert agent["Label"] == "muster-worker"
    assert agent["ProgramArguments"][-2:] == ["--label", "what=<a & b>"]
    assert agent["ProgramArguments"][1:6] == ["-P", "-m", "muster", "worker", "run"]
    assert agent["RunAtLoad"] is agent["AbandonProcessGroup"] is True
    assert "would run: launchctl load -w" in done.stdout
