from tests.contract import page
from tests.docs.bounds_table import HEAD, table


def test_the_page_has_the_limits_that_the_frames_have() -> None:
    limits = page.section("Frame limits")
    assert HEAD in limits
    assert table() in limits, "python -m tests.docs.reference writes it"
