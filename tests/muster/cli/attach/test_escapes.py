"""Input arrives in chunks of any size, and `~` is an escape as in ssh."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.cli.attach.escapes import EscapeAction, EscapeParser

SUSPEND = b"\x1a"


def read(*pieces: bytes) -> list[bytes | EscapeAction]:
    """Return all results, with adjacent keys joined."""
    escapes = EscapeParser()
    found: list[bytes | EscapeAction] = []
    for piece in pieces:
        for part in escapes.feed(piece):
            if isinstance(part, bytes) and found and isinstance(found[-1], bytes):
                found[-1] += part
            else:
                found.append(part)
    return found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        pytest.param(b"ls\r", [b"ls\r"], id="keys"),
        pytest.param(b"~.", [EscapeAction.DETACH], id="first of all"),
        pytest.param(b"ls\r~.", [b"ls\r", EscapeAction.DETACH], id="after Enter"),
        pytest.param(b"ls\n~?", [b"ls\n", EscapeAction.HELP], id="after a line feed"),
        pytest.param(b"\r~" + SUSPEND, [b"\r", EscapeAction.SUSPEND], id="suspends"),
        pytest.param(SUSPEND, [SUSPEND], id="Ctrl-Z alone is the program's"),
        pytest.param(b"a~.", [b"a~."], id="not within a line"),
        pytest.param(b"~~", [b"~"], id="two are one"),
        pytest.param(b"~~.", [b"~."], id="and what follows is a key"),
        pytest.param(b"~a", [b"~a"], id="another key goes with it"),
        pytest.param(b"~a~.", [b"~a~."], id="which is no beginning any more"),
        pytest.param(b"~\r~.", [b"~\r", EscapeAction.DETACH], id="but where the key was Enter"),
        pytest.param(
            b"~?~.", [EscapeAction.HELP, EscapeAction.DETACH], id="after an escape a line begins"
        ),
        pytest.param(b"~", [], id="kept back until it is known"),
    ],
)
def test_a_tilde_is_an_escape_at_the_beginning_of_a_line(
    typed: bytes, found: list[bytes | EscapeAction]
) -> None:
    assert read(typed) == found
    assert read(*(typed[n : n + 1] for n in range(len(typed)))) == found


TYPED = st.lists(st.sampled_from([b"a", b"~", b".", b"?", b"\r", b"\n", SUSPEND, b"\xc3"])).map(
    b"".join
)


@given(TYPED, st.lists(st.integers(0, 40)))
def test_where_what_is_typed_is_cut_makes_no_difference(typed: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(typed), *(cut for cut in cuts if cut < len(typed))})
    pieces = [typed[at:to] for at, to in pairwise(places)]
    assert read(*pieces) == read(typed)


@given(TYPED)
def test_no_key_is_lost_or_made_up(typed: bytes) -> None:
    found = read(typed + b"x")
    spelled = b"".join(
        b"~" + part.value if isinstance(part, EscapeAction) else part for part in found
    )
    assert spelled.replace(b"~", b"") == (typed + b"x").replace(b"~", b"")


@given(st.binary().filter(lambda typed: b"~" not in typed))
def test_what_has_no_tilde_passes_as_it_is(typed: bytes) -> None:
    assert b"".join(part for part in read(typed) if isinstance(part, bytes)) == typed


def test_a_line_may_be_begun_from_outside() -> None:
    escapes = EscapeParser()
    escapes.feed(b"x")
    escapes.start_line()
    assert escapes.feed(b"~.") == [EscapeAction.DETACH]
