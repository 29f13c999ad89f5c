"""What people write, read into commands."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chat.commands import HELP, MAX_ID, Command, InvalidCommand, Verb, parse

TABLE = {
    'develop "fix it"': Command(Verb.DEVELOP, text="fix it"),
    "dev fix  it": Command(Verb.DEVELOP, text="fix it"),
    "/develop “fix it” —project WEB": Command(Verb.DEVELOP, text="fix it", project="WEB"),
    'DEV "a \\"b\\" c" --on rack7 --project=web': Command(
        Verb.DEVELOP, text='a "b" c', project="web", machine="rack7"
    ),
    'develop --project WEB "two\nlines"': Command(Verb.DEVELOP, text="two\nlines", project="WEB"),
    'develop\n"x"': Command(Verb.DEVELOP, text="x"),
    "develop don't break it's tests": Command(Verb.DEVELOP, text="don't break it's tests"),
    "develop 'tis broken": Command(Verb.DEVELOP, text="'tis broken"),
    'develop "use --project here"': Command(Verb.DEVELOP, text="use --project here"),
    'develop "--project" x': Command(Verb.DEVELOP, text="--project x"),
    "develop add --verbose to ls": Command(Verb.DEVELOP, text="add --verbose to ls"),
    "develop «alles gut»": Command(Verb.DEVELOP, text="alles gut"),
    "progress #42": Command(Verb.PROGRESS, 42),
    "status 42.": Command(Verb.PROGRESS, 42),
    "cancel #1": Command(Verb.CANCEL, 1),
    "retry 7": Command(Verb.RETRY, 7),
    'message #7 "use make"': Command(Verb.MESSAGE, 7, "use make"),
    "message 7 use\nmake": Command(Verb.MESSAGE, 7, "use\nmake"),
    "workspace #7": Command(Verb.WORKSPACE, 7),
    "logs #7": Command(Verb.LOGS, 7),
    "list": Command(Verb.LIST),
    "list WEB": Command(Verb.LIST, project="WEB"),
    "list --project WEB": Command(Verb.LIST, project="WEB"),
    "confirm #4": Command(Verb.CONFIRM, 4, "confirm"),
    "confirm 4 reject": Command(Verb.CONFIRM, 4, "reject"),
    'confirm #4 "us-east 1"': Command(Verb.CONFIRM, 4, "us-east 1"),
    "confirm #4 two\nlines  as they are": Command(Verb.CONFIRM, 4, "two\nlines  as they are"),
    "drain rack7 new  disk": Command(Verb.DRAIN, machine="rack7", text="new disk"),
    'undrain "rack 7"': Command(Verb.UNDRAIN, machine="rack 7"),
    "allow a.example:22": Command(Verb.ALLOW, text="a.example:22"),
    "allow @agent --project WEB": Command(Verb.ALLOW, text="@agent", project="WEB"),
    "bind mst_chat_x": Command(Verb.BIND, text="mst_chat_x"),
    "info": Command(Verb.INFO),
    "help develop": Command(Verb.HELP),
    "": Command(Verb.HELP),
    "  ": Command(Verb.HELP),
}


@pytest.mark.parametrize(("text", "command"), TABLE.items(), ids=TABLE.keys())
def test_it_means(text: str, command: Command) -> None:
    assert parse(text) == command


UNCLEAR = {
    "progres #4": "Did you mean “progress”?",
    "hello there": "“hello” isn't a command",
    "progress": "progress #N",
    "progress #x": "progress #N",
    "cancel 0": "cancel #N",
    f"cancel {MAX_ID + 1}": "cancel #N",
    "cancel ٣": "cancel #N",
    "develop": "What should be done?",
    'develop ""': "What should be done?",
    'develop "open': "A quote is not closed.",
    "develop x --project": "--project needs a value.",
    "develop x --on a --on b": "--on is given twice.",
    "develop " + "x" * 20_001: "Too long",
    "message x": "message #N",
    "message #4": "What should its agent read?",
    "message #4 " + "x" * 20_001: "Too long",
    "drain": "Which machine?",
    "allow": "Which host?",
    "allow a.example b.example": "Which host?",
    "allow a.example --project": "--project needs a value.",
    "bind": "The token is missing",
    "confirm": "confirm #N [result]",
}


@pytest.mark.parametrize(("text", "words"), UNCLEAR.items(), ids=[k[:20] for k in UNCLEAR])
def test_what_is_unclear_is_answered_with_what_is_missing(text: str, words: str) -> None:
    answer = parse(text)
    assert isinstance(answer, InvalidCommand)
    assert words in answer.message


def test_help_tells_of_every_command() -> None:
    assert all(f"\n{verb}" in f"\n{HELP}" for verb in Verb)


_SOUP = st.lists(
    st.sampled_from(
        [*Verb, "dev", "/", "#1", "#", "9" * 30, '"', "'", "“", "”", "«", "\\", "--project", "--on",
         "—on", "--", "=", " ", "\n", "\0", "\ud800", "x"]
    )
)  # fmt: skip


@given(st.one_of(st.text(), _SOUP.map("".join), _SOUP.map(" ".join)))
def test_no_text_breaks_it(text: str) -> None:
    answer = parse(text)
    assert isinstance(answer, Command | InvalidCommand)
    if isinstance(answer, InvalidCommand):
        assert 0 < len(answer.message) < 500


@given(st.text(st.characters(exclude_characters='"\\“”', exclude_categories=["Cs"]), min_size=1))
def test_what_is_quoted_comes_as_it_is(description: str) -> None:
    answer = parse(f'develop "{description}" --project K')
    if description.strip():
        assert answer == Command(Verb.DEVELOP, text=description.strip(), project="K")
    else:
        assert isinstance(answer, InvalidCommand)


@given(st.integers(1, MAX_ID), st.sampled_from(["progress", "cancel", "retry", "logs"]))
def test_every_number_of_a_task_is_read(number: int, verb: str) -> None:
    assert parse(f"{verb} #{number}") == Command(Verb(verb), number)


@pytest.mark.parametrize("letter", ["' ", "'x ", "“ ", "“x' ", "\\'", '"" '])
def test_a_long_text_takes_no_longer_than_it_should(letter: str) -> None:
    began = time.perf_counter()
    parse("develop " + letter * 20_000)
    assert time.perf_counter() - began < 5
