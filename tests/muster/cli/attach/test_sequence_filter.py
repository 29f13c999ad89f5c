"""Terminals obey invisible strings: no harmful one passes, however the output is split."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.cli.attach.sequence_filter import SequenceFilter

NO_LINK = b"\x1b]8;;\x1b\\"
LINKS = [
    (b"8;;http://a/b?c=d;e", b"\x1b]8;;http://a/b?c=d;e\x07"),
    (b"8;id=7:x;HTTPS://a", b"\x1b]8;id=7:x;HTTPS://a\x07"),
    (b"8;;mailto:a@b", b"\x1b]8;;mailto:a@b\x07"),
    (b"08;;", b"\x1b]08;;\x07"),
    (b"8;;file:///etc/passwd", NO_LINK),
    (b"08;;ssh://-oProxyCommand=x", NO_LINK),
    (b"8;;vscode://x", NO_LINK),
    (b"8;;javascript:x//http://a", NO_LINK),
    (b"8;;//a/b", NO_LINK),
    (b"8;x;y;http://a", NO_LINK),
    (b"8;;\x01http://a", NO_LINK),
    (b"8;;http://a\x01b", NO_LINK),
    (b"8;;http://" + 4096 * b"a", NO_LINK),
    (b"8;http://a", NO_LINK),
]
PRINTING = [
    (b"\x1b[5i", b"\x1b[5\x18"),
    (b"\x1b[4i", b"\x1b[4\x18"),
    (b"\x1b[i", b"\x1b[\x18"),
    (b"\x1b[?5i", b"\x1b[?5\x18"),
    (b"\x1b[0;005i", b"\x1b[0;005\x18"),
    (b"\xc2\x9b5i", b"\xc2\x9b5\x18"),
    (b"\x1b[\n5\x07i", b"\x1b[\n5\x07\x18"),
    (b"\x1b\x07[5i", b"\x07\x1b[5\x18"),
    (b"\x1b[5i\x1b[5i", b"\x1b[5\x18\x1b[5\x18"),
    (b"\x1b[3\x1b[5i", b"\x1b[3\x1b[5\x18"),
    (b"\x1b]8;;http://a\x1b[5i", b"\x1b]8;;http://a\x1b[5\x18"),
]
CLIPBOARD = b"\x1b]52;c;cm0gLXIgKg==\x07"


def passed(*pieces: bytes) -> bytes:
    strings = SequenceFilter()
    return b"".join(strings.feed(piece) for piece in pieces)


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        pytest.param(b"plain \xc3\xa4\xe2\x82\xac\n", b"plain \xc3\xa4\xe2\x82\xac\n", id="text"),
        pytest.param(b"\x1b[31mred\x1b[m\x1b(B", b"\x1b[31mred\x1b[m\x1b(B", id="sequences"),
        pytest.param(b"a" + CLIPBOARD + b"b", b"ab", id="the clipboard"),
        pytest.param(b"a\x1b]052;c;x\x1b\\b", b"ab", id="with a zero, and another end"),
        pytest.param(b"a\x1b]0000000052;c;x\x07b", b"ab", id="with many"),
        pytest.param(b"a\xc2\x9d52;c;x\xc2\x9cb", b"ab", id="in eight bits"),
        pytest.param(b"a\x1b]0;title\x07b", b"ab", id="a title, which could be asked for"),
        pytest.param(b"a\x1bPtmux;\x1b\x1b]52;c;x\x07\x1b\\b", b"a\x1b\x1b\\b", id="through tmux"),
        pytest.param(b"a\x1b_Gt=f;x\x1b\\b", b"ab", id="a picture"),
        pytest.param(b"a\x1b];x\x07b", b"ab", id="without a number"),
        pytest.param(b"a\x1b]52;c\x1b[31mb", b"a\x1b[31mb", id="cut off by a sequence"),
        pytest.param(b"a\x1b]52;c\x18b", b"ab", id="cut off"),
        pytest.param(
            b"\x1b]8;;http://a\x1b\\a\x1b]8;;\x1b\\",
            b"\x1b]8;;http://a\x1b\\a\x1b]8;;\x1b\\",
            id="link",
        ),
        *[
            pytest.param(b"\x1b]" + link + b"\x07", written, id=f"link {link.decode()}")
            for link, written in LINKS
        ],
        *[
            pytest.param(b"a" + prints + b"b", b"a" + cancelled + b"b", id=f"{prints!r} prints")
            for prints, cancelled in PRINTING
        ],
        pytest.param(b"\x1b[3mitalics\x1b[mi", b"\x1b[3mitalics\x1b[mi", id="what does not"),
        pytest.param(b"\x1b]11;?\x07", b"\x1b]11;?\x07", id="a colour"),
        pytest.param(b"a\x1b\x00]52;c;x\x07b", b"a\x00b", id="with a control in its beginning"),
        pytest.param(b"a\x1b\n\x7f]52;c;x\x07b", b"a\n\x7fb", id="with several"),
        pytest.param(b"a\x1b\x00Px\x1b\\b", b"a\x00b", id="with one, of another kind"),
        pytest.param(b"a\x1b]133\x007;x\x07b", b"ab", id="with a control in a harmless number"),
        pytest.param(b"a\x1b]133\xc2\x807;x\x07b", b"ab", id="with one of eight bits there"),
        pytest.param(b"\x1b]104\xc2\x9cb", b"\x1b]104\xc2\x9cb", id="colours as they were"),
        pytest.param(b"\x1b\r[31mred", b"\r\x1b[31mred", id="a control in a sequence"),
    ],
)
def test_strings_are_left_out_but_harmless_ones(printed: bytes, written: bytes) -> None:
    assert passed(printed) == written
    assert passed(*(printed[n : n + 1] for n in range(len(printed)))) == written


PRINTED = st.lists(
    st.sampled_from(
        [
            b"\x1b",
            b"]",
            b"P",
            b"5",
            b"2",
            b"8",
            b";",
            b"\x07",
            b"\\",
            b"\xc2",
            b"\x9d",
            b"x",
            b"\x18",
            b"\x00",
            b"\n",
            b"[",
            b"i",
            b"\x9b",
            b"]8;;http:",
        ]
    )
).map(b"".join)


@given(PRINTED, st.integers(0, 30))
def test_where_it_is_cut_makes_no_difference(printed: bytes, cut: int) -> None:
    assert passed(printed[:cut], printed[cut:], b"!") == passed(printed, b"!")


@given(PRINTED)
def test_what_has_passed_passes_again(printed: bytes) -> None:
    once = passed(printed, b"\x18!")
    assert b"\x1b]52;" not in once
    assert b"\x1bP" not in once
    assert not re.search(rb"(\x1b\[|\xc2\x9b)[\x00-\x17\x19\x1c-?\x7f]*i", once)
    assert not re.search(rb"\x1b[\x00\n]+[\]P]|\x1b\][0-9]*[\x00\n]", once)


@given(st.binary().filter(lambda data: b"\x1b" not in data and b"\xc2" not in data))
def test_what_has_no_escape_passes_as_it_is(data: bytes) -> None:
    assert passed(data) == data
