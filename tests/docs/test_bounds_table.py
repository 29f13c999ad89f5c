from pathlib import Path

from tests.docs.bounds_table import HEAD, table

PAGE = Path(__file__).parents[2] / "docs" / "machine-protocol.md"


def test_the_protocols_page_has_the_bounds_that_the_frames_have() -> None:
    page = PAGE.read_text()
    assert HEAD in page
    assert table() in page, "python -m tests.docs.bounds_table prints it"
