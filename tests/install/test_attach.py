"""`muster attach` on hard days: a line that is cut, a window that is resized, a server that is
killed, full-screen programs inside and outside. The terminal is sane afterwards each time.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from app.server_cli.local.api import ApiError
from tests.browser.terminals import SHELL
from tests.chaos.proxy import Proxy, ProxyPort
from tests.chaos.world import end_all_of
from tests.flows.running_stack import FollowedTask, RunningStack, wait_for
from tests.gunicorns import end_at_once
from tests.install.attached_person import ATTACH, PROMPT, Person
from tests.programs import find


@pytest.fixture(scope="session")
def muster() -> Iterator[RunningStack]:
    home = Path(tempfile.mkdtemp(prefix="muster-attach-"))
    home.chmod(0o755)  # attempts have a uid of their own, and must get to the repository
    running = RunningStack(home, {})
    with running.stack:
        running.furnish()
        yield running
        end_at_once(running.stack)
    end_all_of(home)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def project(muster: RunningStack) -> str:
    return muster.project("ATTACHED", {"name": "shell", "kind": "shell", "command": SHELL})


@pytest.fixture
def task(muster: RunningStack, project: str) -> Iterator[FollowedTask]:
    """One that runs a shell with numbered prompts."""
    task = muster.task(project)
    task.wait_until_logged(b"1$ ")
    yield task
    with contextlib.suppress(ApiError):  # it may have ended
        task.act("cancel")


@pytest.fixture
def proxy_port(muster: RunningStack) -> Iterator[ProxyPort]:
    """The way to the server, which can be cut."""
    proxy = Proxy()
    yield proxy.open_port(muster.stack.port)
    proxy.close()


@pytest.fixture
def sit(muster: RunningStack, proxy_port: ProxyPort) -> Iterator[Callable[..., Person]]:
    """Somebody at a terminal of that size."""
    with ExitStack() as people:

        def down(cols: int = 90, rows: int = 24) -> Person:
            env = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.getcwd(),
                "MUSTER_SERVER": f"http://127.0.0.1:{proxy_port.port}",
                "MUSTER_TOKEN": muster.api.token,
            }
            return people.enter_context(Person(env, cols, rows))

        yield down


@pytest.fixture
def person(sit: Callable[..., Person], task: FollowedTask) -> Person:
    """Somebody who is attached."""
    person = sit()
    person.attach(task)
    return person


# ---- full-screen programs ------------------------------------------------------------------------


@pytest.mark.needs("vim")
def test_vim_inside_is_resized_and_left_open(person: Person, task: FollowedTask) -> None:
    vim = find("vim")
    person.type(f"{vim} -u NONE -i NONE -n notes.txt\r")
    person.wait_until_shown("~")
    person.type("iwritten from afar")
    person.wait_until_shown("written from afar")
    person.resize(110, 35)
    person.wait_for(lambda: person.lines[33:34] == ["~"], "vim of 35 lines")
    person.leave()
    person.attach_again(task, "written from afar")
    person.type("\x1b:wq\r")
    person.wait_for(lambda: re.match(r"\d+\$", person.last or ""), "shell inside")
    person.type("clear; cat notes.txt\r")
    person.wait_until_shown("written from afar")
    person.leave()


@pytest.mark.needs("top")
def test_a_program_that_draws_all_the_time_is_left_and_comes_back(person: Person) -> None:
    top = find("top")
    person.type(f"{top} -d 0.5\r")
    person.wait_until_shown("top -")
    person.resize(120, 40)
    person.wait_for(lambda: len([line for line in person.lines if line]) > 8, "top")
    person.type("q")
    person.wait_for(lambda: re.match(r"\d+\$", person.last or ""), "shell inside")
    person.leave()


@pytest.mark.needs("tmux")
def test_tmux_inside_is_left_open(person: Person, task: FollowedTask) -> None:
    tmux = find("tmux")
    person.type(f"TERM=xterm-256color TMUX_TMPDIR=$PWD {tmux} -f /dev/null new 'PS1=in: sh'\r")
    person.wait_for(lambda: "0:sh" in (person.last or ""), "tmux")
    person.type("echo $((6 * 7))\r")
    person.wait_until_shown("42")
    person.leave()
    person.attach_again(task, "42")
    person.type("exit\r")
    person.wait_for(lambda: "[exited]" in "\n".join(person.lines), "end of tmux")
    person.leave()


@pytest.mark.needs("tmux")
def test_modes_that_a_program_has_set_are_not_left_behind(
    muster: RunningStack, task: FollowedTask, proxy_port: ProxyPort, tmp_path: Path
) -> None:
    """tmux is the terminal outside, and says in which modes it is."""
    tmux = [find("tmux"), "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    modes_format = (
        "#{alternate_on} #{mouse_any_flag} #{mouse_sgr_flag} #{cursor_flag} #{keypad_flag} "
        "#{keypad_cursor_flag} #{insert_flag} #{wrap_flag} #{origin_flag} #{scroll_region_lower}"
    )

    def ask(*command: str) -> str:
        return subprocess.run(
            [*tmux, *command], capture_output=True, check=True, text=True, env=env
        ).stdout

    env = {
        **os.environ,
        "PYTHONPATH": os.getcwd(),
        "MUSTER_SERVER": f"http://127.0.0.1:{proxy_port.port}",
        "MUSTER_TOKEN": muster.api.token,
    }
    shell = f"PS1='{PROMPT}$?> ' exec bash --noprofile --norc -i"
    ask("new-session", "-d", "-x", "90", "-y", "24", shell)
    try:
        wait_for(lambda: PROMPT in ask("capture-pane", "-p"), "prompt")
        before = ask("display-message", "-p", modes_format)
        ask("send-keys", f"{ATTACH} {task.id}", "Enter")
        wait_for(lambda: "1$" in ask("capture-pane", "-p"), "shell inside")
        modes = r"\e[?1049h\e[?1000;1002;1006;2004h\e[?25l\e[?1h\e=\e[4h\e[?7l\e[?6h\e[3;9r\e[31m"
        ask("send-keys", f"printf '{modes}set'; read", "Enter")
        wait_for(lambda: ask("display-message", "-p", modes_format) != before, "modes")
        ask("send-keys", "~.")
        wait_for(lambda: "Detached from task" in ask("capture-pane", "-p", "-S", "-"), "end")
        wait_for(lambda: ask("display-message", "-p", modes_format) == before, "modes as they were")
    finally:
        ask("kill-server")


# ---- the line ------------------------------------------------------------------------------------


def test_of_what_is_printed_while_the_line_is_cut_no_byte_is_lost(
    person: Person, proxy_port: ProxyPort
) -> None:
    # It was drawn anew when it had got this terminal's size, and is not in what follows.
    person.wait_for(lambda: person.data.count(b"\x1b[!p") > 1, "second screen")
    begun = len(person.data)
    person.type("for i in {1..400}; do echo n$i; sleep 0.01; done; echo all; clear\r")
    for number in (40, 150, 260):
        person.wait_for(lambda number=number: b"\r\nn%d\r\n" % number in person.data, "number")
        proxy_port.cut()
    person.wait_for(lambda: b"\r\nall\r\n" in person.data, "end")
    # Before one of them there may be the words about the cut, where it took long to come back.
    came = [int(n) for n in re.findall(rb"n(\d+)\r\n", person.data[begun:])]
    assert came == list(range(1, 401))
    person.leave()


def test_a_line_that_is_away_for_long_is_said_to_be_and_comes_back(
    person: Person, proxy_port: ProxyPort
) -> None:
    proxy_port.refuse()
    person.wait_until_shown(" Disconnected; reconnecting.")
    person.resize(100, 30)
    proxy_port.heal()
    person.wait_for(
        lambda: "Disconnected" not in "\n".join(person.lines), "screen without these words"
    )
    person.type("stty size\r")
    person.wait_until_shown("30 100")
    proxy_port.swallow("up", "down")  # nothing comes, and nobody hangs up
    person.leave()


def test_a_server_that_is_killed_is_waited_for_or_left(
    muster: RunningStack, person: Person
) -> None:
    name = "gunicorn"
    master = psutil.Process(muster.stack.processes[name].pid)
    for process in (master, *master.children(recursive=True)):
        process.kill()
    person.wait_until_shown(" Disconnected; reconnecting.")
    muster.stack.restart(name)
    muster.stack.await_ready()
    person.wait_for(
        lambda: "Disconnected" not in "\n".join(person.lines), "screen without these words"
    )
    person.type("echo $((50 + 5))\r")
    person.wait_until_shown("55")
    person.leave()


# ---- the terminal --------------------------------------------------------------------------------


def test_suspended_one_has_the_shell_and_comes_back_to_the_screen(person: Person) -> None:
    person.type("clear; echo within\r")
    person.wait_until_shown("within")
    person.type("~\x1a")
    person.wait_for_prompt(148)  # stopped by SIGTSTP
    person.check_sane()
    person.type("fg\r")
    person.wait_for(lambda: person.lines[0] == "within", "screen")
    person.type("echo $((50 + 5))\r")
    person.wait_until_shown("55")
    person.leave()


def test_stopped_from_outside_one_comes_back_to_the_screen(person: Person) -> None:
    person.type("clear; echo within\r")
    person.wait_until_shown("within")
    os.killpg(person.foreground, signal.SIGSTOP)
    person.wait_for_prompt(128 + signal.SIGSTOP)
    person.type("fg\r")
    person.wait_for(lambda: person.lines[0] == "within", "screen")
    person.leave()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_leaves_the_shell_as_it_was(person: Person, number: int) -> None:
    os.killpg(person.foreground, number)
    person.check_left(128 + number)


def test_who_takes_over_types_alone_and_the_other_is_told(
    sit: Callable[..., Person], person: Person, task: FollowedTask
) -> None:
    other = sit(cols=90, rows=24)
    other.attach(task, "--takeover")
    person.wait_for(lambda: "took control. You're watching." in "\n".join(person.lines), "words")
    other.type("echo $((50 + 5))\r")
    for each in (person, other):
        each.wait_until_shown("55")
    person.type("echo mine\r")
    person.wait_for(
        lambda: "You're watching; your input isn't sent" in "\n".join(person.lines), "words"
    )
    person.type("~t")
    person.type("\recho $((60 + 6))\r")
    other.wait_until_shown("66")
    other.leave()
    person.leave()


def test_when_the_task_ends_so_does_it(person: Person, task: FollowedTask) -> None:
    began = time.monotonic()
    task.act("cancel")
    person.check_left(0)
    assert time.monotonic() - began < 30
    assert any(line.startswith(f"Task {task.id} has ended") for line in person.lines)
