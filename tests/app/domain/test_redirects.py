"""Where browsers may be sent back to."""

import pytest

from app.domain import redirects


@pytest.mark.parametrize("path", ["/", "/tasks/7?tab=log#l7", "/a//b", "/%2F%2Fevil", "/@evil"])
def test_paths_of_ours(path: str) -> None:
    assert redirects.is_own_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        "//evil",
        "/\\evil",
        "/a\\b",
        "https://evil",
        "/ a",
        "/\t/evil",
        "/é",
        "/" + "a" * 2000,
    ],
)
def test_what_might_lead_elsewhere_is_none(path: str) -> None:
    assert not redirects.is_own_path(path)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1/", "http://[::1]:51234/a?b=c"])
def test_where_programs_listen(uri: str) -> None:
    assert redirects.is_loopback_redirect(uri)


@pytest.mark.parametrize(
    "uri",
    [
        *("http://127.0.0.1/", "https://127.0.0.1:1/", "http://localhost:1/"),
        *("http://127.0.0.1:1@evil:1/", "http://evil:1/", "http://127.0.0.1:1/#a"),
        *("http://a@127.0.0.1:1/", "http://127.0.0.1:x/", "http://127.0.0.1:1/\\", "http://[:1/"),
    ],
)
def test_where_no_program_of_the_persons_own_listens(uri: str) -> None:
    assert not redirects.is_loopback_redirect(uri)


def test_more_in_a_query_leaves_the_rest_as_it_is() -> None:
    assert redirects.add_query("/a", code="b c") == "/a?code=b+c"
    assert redirects.add_query("/a?x=1#y", code="b") == "/a?x=1&code=b#y"
