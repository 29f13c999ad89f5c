"""What people do in a terminal, done in the real xterm.js in a browser, against a whole Muster."""

import hashlib
from collections.abc import Callable

from tests.browser.chromium import wait_for
from tests.browser.terminals import Player, Terminal

OpenTerminal = Callable[..., Terminal]

_PASTED = "".join(f"line {number:06d} of what is pasted\n" for number in range(40_000))

# No line may be longer than 4 KiB unless it is raw.
_TAKE_OVER = r"stty raw -echo; printf 'taking\r\n'; sum=$(head -c {size} | sha256sum); stty sane"


def test_a_file_is_edited_with_a_full_screen_editor(
    terminal: Terminal, open_terminal: OpenTerminal, vim: str
) -> None:
    terminal.type(f"{vim} notes.txt")
    terminal.wait_for_line("~")
    terminal.page.type("iwritten in the browser")
    terminal.wait_for_line("written in the browser")
    assert open_terminal("watch").cells == terminal.cells  # a newcomer's screen is the right one
    terminal.page.press("Escape")
    terminal.page.type(":wq")
    terminal.page.press("Enter")
    terminal.wait_for_prompt()
    terminal.run("clear; cat notes.txt")
    assert "written in the browser" in terminal.lines


def test_a_newcomer_to_a_screen_of_many_colours_sees_it(
    terminal: Terminal, open_terminal: OpenTerminal, htop: str
) -> None:
    terminal.type(f"TERM=xterm-256color {htop} --delay=200")  # tenths of a second
    terminal.wait_for_line("F1Help")
    late = open_terminal("watch")
    # It may have drawn anew in between.
    wait_for(lambda: late.cells == terminal.cells, "screens that are the same")
    assert len({tuple(cell[1:]) for line in late.cells for cell in line}) > 4
    terminal.page.type("q")
    terminal.wait_for_prompt()


def test_a_recording_shows_in_asciinema_s_player_what_the_screen_shows(
    terminal: Terminal, play: Callable[[], Player]
) -> None:
    terminal.run(
        r"""clear; printf '\e[7;9H\e[1;31mred\e[m, gr\xc3\xbcn \xe6\x97\xa5\xe6\x9c\xac'"""
    )
    terminal.run(r"""printf '\e[4;20H\e(0lqqk\e(B\e[2;5Hup\e[9;1H'; seq 1 30 | tail -5""")
    shown = terminal.lines
    assert "        red, grün 日本" in "\n".join(shown)
    # The log comes to the server a moment after the terminal's bytes.
    wait_for(lambda: play().lines == shown, "recording of all that was shown")


def test_a_character_may_come_in_pieces(terminal: Terminal) -> None:
    before = terminal.seen["split"]
    pieces = r"\xe2 \x82 \xac \xf0\x9f \x98\x80"
    terminal.run(
        "clear; for part in "
        + " ".join(f"'{piece}'" for piece in pieces.split())
        + '; do printf "$part"; sleep 0.2; done; echo'
    )
    assert "€😀" in terminal.lines
    assert terminal.seen["split"] - before >= 3


def test_a_resize_reaches_the_program(terminal: Terminal) -> None:
    terminal.page.call("resize", 97, 31)
    wait_for(lambda: terminal.size == (97, 31), "resize")
    terminal.run("stty size")
    assert "31 97" in terminal.lines


def test_control_c_reaches_the_whole_process_group(terminal: Terminal) -> None:
    # The inner shell says so only once its own child has ended too, who says that it is begun.
    terminal.type(
        """sh -c 'trap "echo interrupted" INT; sh -c "echo begun; exec sleep 600"; echo over'"""
    )
    terminal.wait_for_line("begun")
    terminal.page.press_control("c")
    terminal.wait_for_line("^Cinterrupted")
    terminal.wait_for_line("over")
    terminal.wait_for_prompt()


def test_a_paste_of_a_megabyte_arrives_whole(terminal: Terminal) -> None:
    typed = _PASTED.replace("\n", "\r").encode()  # as every terminal does
    assert len(typed) > 1_000_000
    terminal.type(_TAKE_OVER.format(size=len(typed)))
    terminal.wait_for_line("taking")
    terminal.page.call("paste", _PASTED)
    terminal.wait_for_prompt()
    terminal.run("echo $sum")
    assert f"{hashlib.sha256(typed).hexdigest()} -" in terminal.lines
