"""Whose means lead to a repository, and whom a login for it is shown to."""

import pytest

from app.domain.repository import is_ssh, machine_credential_url, origin

HTTPS, SSH, SCP = "https://h/x", "ssh://git@h/x", "git@h:x"
FILE = "file:///srv/x"


@pytest.mark.parametrize(
    ("url", "expected"),
    [(HTTPS, False), ("git://h/x", False), (FILE, False), (SSH, True), (SCP, True)],
)
def test_which_urls_go_by_ssh(url: str, expected: bool) -> None:
    assert is_ssh(url) is expected


@pytest.mark.parametrize(
    ("url", "has_key", "expected"),
    [
        (HTTPS, False, None),
        (SSH, False, SSH),
        (SCP, False, SCP),
        (SSH, True, None),
        (SCP, True, None),
        (FILE, False, FILE),
        (FILE, True, FILE),
    ],
)
def test_which_repositories_are_reached_by_machines_own_means(
    url: str, has_key: bool, expected: str | None
) -> None:
    assert machine_credential_url(url, has_key=has_key) == expected


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("git@h:a", "git@h:b/c", True),
        ("git@h:a", "git@H:a", True),
        ("git@h:a", "ssh://git@h/a", True),
        ("git@h:a", "git@i:a", False),
        ("git@h:a", "h:a", False),
        ("git@h:a", "git@h.i:a", False),
        ("ssh://git@h/a", "ssh://git@h:2222/a", False),
        ("ssh://git@h/a", "ssh://git@i/a", False),
        ("https://h/a", "git@h:a", False),
    ],
)
def test_what_is_the_same_host(one: str, other: str, is_same: bool) -> None:
    assert (origin(one) == origin(other)) is is_same
