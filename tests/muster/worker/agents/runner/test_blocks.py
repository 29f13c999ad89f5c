from collections.abc import Callable

from muster.worker.agents.runner import blocks
from tests.muster.worker.agents.runner.parsed_output import SGR


def plain(draw: Callable[[int], str], width: int = 40) -> str:
    return SGR.sub("", draw(width))


def test_a_message_is_wrapped_to_the_width_it_is_drawn_for() -> None:
    block = blocks.message("word " * 20)
    assert max(map(len, plain(block, 30).splitlines())) <= 30
    assert len(plain(block, 120).splitlines()) == 1


def test_a_command_shows_its_output_whole_with_its_colours() -> None:
    output = "\n".join(["\x1b[31mred\x1b[0m", *map(str, range(5000))])
    text = blocks.command("make", output, "exit 2", is_bad=True)(40)
    assert "\x1b[31mred\x1b[0m\n0\n1\n" in text
    assert "\n4999\x1b[0m\n" in text
    assert text.endswith("\x1b[31mexit 2\x1b[0m\n")


def test_a_command_of_several_lines_is_shown_whole() -> None:
    shown = plain(blocks.command("for x in 1\ndo :\ndone", "", "exit 0", is_bad=False))
    assert shown == "$ for x in 1\n> do :\n> done\nexit 0\n"


def test_colours_of_an_output_end_with_it() -> None:
    text = blocks.command("ls", "\x1b[31mred\n", "exit 0", is_bad=False)(40)
    assert "\x1b[31mred\x1b[0m\n" in text


def test_each_line_of_a_style_has_it_by_itself() -> None:
    text = blocks.thought("one two three")(9)
    assert text == "\x1b[2;3m  one two\x1b[0m\n\x1b[2;3m  three\x1b[0m\n"


def test_an_edit_is_a_diff_in_colours() -> None:
    text = blocks.edit("a.py", "@@ -1 +1 @@\n-x\n+y\n z", "", "", is_bad=False)(40)
    assert text.splitlines()[1:] == [
        "\x1b[36m@@ -1 +1 @@\x1b[0m",
        "\x1b[31m-x\x1b[0m",
        "\x1b[32m+y\x1b[0m",
        " z",
    ]


def test_of_what_a_tool_said_a_few_lines_are_shown() -> None:
    output = "\n".join(f"line {number} {'x' * 80}" for number in range(20))
    call = blocks.tool("Read", "a.py", output, "", is_bad=False, is_whole=False)
    lines = plain(call).splitlines()
    assert len(lines) == 2 + blocks.MAX_OUTPUT_LINES
    assert lines[-1] == "  … 14 more lines"
    assert max(map(len, lines)) <= 40


def test_of_what_a_tool_said_all_is_shown_where_it_failed_or_the_entry_has_not_all() -> None:
    output = "\n".join(f"line {number} {'x' * 80}" for number in range(20))
    failed = blocks.tool("Read", "a.py", output, "failed", is_bad=True, is_whole=False)
    cut = blocks.tool("Read", "a.py", output, "", is_bad=False, is_whole=True)
    for text in (plain(failed), plain(cut)):
        assert "".join(text.split()).startswith("●Reada.py" + "".join(output.split()))


def test_escapes_in_a_name_or_in_arguments_are_shown() -> None:
    call = blocks.tool("\x1b[2J", "\x1b[2J", "\x1b[2J", "", is_bad=False, is_whole=False)
    assert "\x1b[2J" not in call(40)
    assert plain(call).count("␛[2J") == 3


def test_the_footer_is_complete_on_a_narrow_terminal() -> None:
    usage = {
        "model": None,
        "inputTokens": 1_234_567,
        "cachedTokens": 1_000_000,
        "outputTokens": 89,
        "reasoningTokens": 8,
        "cost": 1.25,
    }
    shown = plain(blocks.footer([usage, usage], 12, 3), 30)
    assert max(map(len, shown.splitlines())) <= 30
    words = "── 12 turns · tokens 2,469,134 in (2,000,000 cached), 178 out (16 reasoning)"
    assert " ".join(shown.split()) == f"{words} · $2.50 · 3 denied ──"


def test_what_is_not_known_is_not_said_at_the_end() -> None:
    usage = {
        "model": None,
        "inputTokens": None,
        "cachedTokens": None,
        "outputTokens": 7,
        "reasoningTokens": None,
        "cost": None,
    }
    assert plain(blocks.footer([usage], 1, 0)) == "── 1 turn · tokens 7 out ──\n"
    assert plain(blocks.footer([], None, 0)) == "── end ──\n"
