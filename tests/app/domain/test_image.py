"""Images by content: what is accepted, and that no bytes crash the readers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import image
from app.domain.field_errors import InvalidValue
from app.domain.image import ImageFacts, clean_name, images_of_round, read_facts
from tests.image_files import make_jpeg, make_png, make_webp

VALID = [
    make_png(),
    make_jpeg(),
    *(make_webp(kind=kind) for kind in ("VP8 ", "VP8L", "VP8X")),
]


def code_of(data: bytes) -> str:
    with pytest.raises(InvalidValue) as refused:
        read_facts(data)
    return refused.value.error.code


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (make_png(640, 480), "image/png"),
        (make_jpeg(640, 480), "image/jpeg"),
        (make_jpeg(640, 480, frame=0xC2), "image/jpeg"),
        *((make_webp(640, 480, kind), "image/webp") for kind in ("VP8 ", "VP8L", "VP8X")),
    ],
)
def test_each_format_tells_its_type_and_size(data: bytes, media_type: str) -> None:
    assert read_facts(data) == ImageFacts(media_type, 640, 480)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n",
        make_png()[:-13],  # no end
        make_png().replace(b"IDAT", b"iDAT"),
        make_png().replace(b"\x08\x02\0\0\0", b"\x03\x02\0\0\0"),  # no such depth
        make_jpeg()[:-2],
        make_jpeg(frame=0xC4),  # no frame
        make_webp()[:-1],
        make_webp().replace(b"VP8 ", b"ALPH"),
    ],
)
def test_other_files_and_incomplete_ones_are_refused(data: bytes) -> None:
    assert code_of(data) == "not_an_image"


def test_animated_images_are_refused() -> None:
    assert code_of(make_png(3, 2, (b"acTL", b"\0\0\0\1\0\0\0\0"))) == "image_animated"
    assert code_of(make_webp(kind="VP8X", flags=2)) == "image_animated"


@pytest.mark.parametrize("data", [make_png(20_000, 1), make_png(0, 1), make_jpeg(3, 0)])
def test_an_image_without_pixels_or_with_too_many_is_refused(data: bytes) -> None:
    assert code_of(data) == "image_sides"


STARTS = (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\4\0\0\0WEBP")


@given(st.sampled_from(STARTS), st.binary())
def test_no_bytes_crash_the_readers(start: bytes, rest: bytes) -> None:
    try:
        facts = read_facts(start + rest)
    except InvalidValue:
        return
    assert facts.media_type in image.EXTENSIONS


@given(st.sampled_from(VALID), st.data())
def test_no_changed_image_crashes_the_readers(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    length = draw.draw(st.integers(0, 8))
    changed = data[:at] + draw.draw(st.binary(max_size=12)) + data[at + length :]
    try:
        facts = read_facts(changed)
    except InvalidValue:
        return
    assert 1 <= facts.width <= image.MAX_SIDE
    assert 1 <= facts.height <= image.MAX_SIDE


@given(st.text(max_size=300))
def test_a_name_is_one_visible_line_without_directories(name: str) -> None:
    cleaned = clean_name(name, ImageFacts("image/png", 1, 1))
    assert cleaned == cleaned.strip()
    assert 1 <= len(cleaned) <= image.MAX_NAME
    assert not {"/", "\\", "\n", "\0", "\u202e"} & set(cleaned)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("", "image.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\shot 1.png", "shot 1.png"),
        ("a\nb.png", "a b.png"),
    ],
)
def test_a_name_loses_what_could_mislead(name: str, cleaned: str) -> None:
    assert clean_name(name, ImageFacts("image/png", 1, 1)) == cleaned


def test_a_round_has_its_own_images_first_and_no_later_ones() -> None:
    described = [{"id": at, "followUp": number} for at, number in enumerate((None, 1, 2, 3))]
    assert [each["id"] for each in images_of_round(described, None)] == [0]
    assert [each["id"] for each in images_of_round(described, 2)] == [2, 0, 1]
