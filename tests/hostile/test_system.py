"""The system as an attempt finds it: whole, read-only, with an account and places of its own."""

import pytest

from tests.hostile.machine import Machine

PLACES = [
    "/",
    "/usr",
    "/usr/bin",
    "/bin",
    "/lib",
    "/etc",
    "/opt",
    "/sbin",
    "/run/muster",
    "/run/muster/lib",
    "/run/muster/python",
    "/proc/sys/kernel",
    "/sys",
    "/sys/fs/cgroup",
    "/dev",
    "/var",
    "/home",
    "/root",
    "/boot",
    "/srv",
    "/mnt",
]


def test_nothing_of_the_system_can_be_written(machine: Machine) -> None:
    attempt = machine.ran(
        f"for p in {' '.join(PLACES)}; do touch $p/muster-hostile 2>/dev/null && echo wrote $p;"
        " done; for f in /etc/passwd /etc/hosts /usr/bin/env /run/muster/lib/muster/__main__.py"
        " /proc/sys/kernel/hostname; do (: >> $f) 2>/dev/null && echo wrote $f; done; echo tried"
    )
    assert b"tried" in attempt.log
    assert b"wrote" not in attempt.log


def test_the_system_stays_read_only_for_who_makes_namespaces(machine: Machine) -> None:
    attempt = machine.ran(
        "for p in /usr /etc /run/muster; do unshare --user --map-root-user --mount sh -c"
        ' "mount -o remount,rw,bind $p; umount -l $p; touch $p/muster-hostile && echo wrote $p";'
        " done 2>/dev/null; echo tried"
    )
    assert b"tried" in attempt.log
    assert b"wrote" not in attempt.log


def test_what_is_mounted_over_cannot_be_uncovered(machine: Machine) -> None:
    attempt = machine.attempt()
    secret = machine.root / "operator" / "notes"
    attempt.run(
        "unshare --user --map-root-user --mount sh -c 'for m in $(tac /proc/self/mounts |"
        f' cut -d" " -f2); do umount -l $m; done; cat {secret}; ls /tmp /root\' ; echo tried'
    )
    assert b"tried" in attempt.log
    assert b"notes\r\n" not in attempt.log.replace(str(secret).encode(), b"")
    assert machine.leaked() == []


def test_no_program_gives_rights_of_others(machine: Machine) -> None:
    attempt = machine.ran(
        "grep NoNewPrivs /proc/self/status; grep CapEff /proc/self/status; grep CapBnd"
        " /proc/self/status; cp /usr/bin/id . ; chmod u+s id; ./id -u"
    )
    assert b"NoNewPrivs:\t1" in attempt.log
    assert b"CapEff:\t0000000000000000" in attempt.log


def test_an_attempt_has_an_account_with_a_name(machine: Machine) -> None:
    attempt = machine.ran(
        'set -e; test "$(whoami)" = "$USER"; test "$(id -un)" = "$USER"; id -gn >/dev/null;'
        ' getent passwd $(id -u); getent group $(id -g); test ~ = "$HOME"; ssh -V;'
        ' test "$(getent passwd $(id -u) | cut -d: -f6)" = "$HOME"; echo named'
    )
    assert b"named" in attempt.log


def test_the_account_is_not_roots(machine: Machine) -> None:
    attempt = machine.ran("id -u; id -G; cat /proc/self/uid_map")
    numbers = attempt.log.split()
    assert b"0" not in numbers[:1]


def test_the_workspace_has_the_same_path_on_every_machine(machine: Machine) -> None:
    attempt = machine.ran("pwd; echo $HOME")
    assert attempt.log == b"/workspace\r\n/home/muster\r\n"


def test_what_is_needed_can_be_written(machine: Machine) -> None:
    attempt = machine.ran(
        "set -e; for p in . ~ /tmp /var/tmp /dev/shm; do echo x > $p/file; cat $p/file; done;"
        " mktemp -d; echo x > /dev/null; head -c 4 /dev/urandom | wc -c; test -t 0; tty;"
        " python3 -c 'import multiprocessing as m; m.Lock()'; echo written"
    )
    assert b"written" in attempt.log


def test_the_workers_own_program_is_there_to_be_run(machine: Machine) -> None:
    attempt = machine.ran("/run/muster/python/bin/python3 -I -S -c 'print(6 * 7)'")
    assert attempt.log == b"42\r\n"


@pytest.mark.parametrize("place", ["/tmp", "/var/tmp", "/dev/shm", "/run", "/var/lock"])
def test_what_an_attempt_leaves_in_a_shared_place_is_not_there_for_the_next(
    machine: Machine, place: str
) -> None:
    first, second = machine.attempt(), machine.attempt()
    name = first.token
    first.run(f"mkdir -p {place}/{name} && echo trap > {place}/{name}/file; echo left")
    first.forget()
    second.run(f"ls -a {place}; find / -xdev -name '{name}' 2>/dev/null; true")
    assert name.encode() not in second.log
