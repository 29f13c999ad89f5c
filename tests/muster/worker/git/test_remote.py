"""The URLs that git may get, and the forms of a login."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.git import git
from muster.worker.git.remote import Login, Remote


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/x",
        "fd::17",
        "--upload-pack=/bin/sh",
        "-x",
        "",
        "some/where",
        "ftp://host/x",
        "https://host/a b",
        "https://host/a\nb",
        "https://[bad/x",
        "persistent-https::x",
    ],
)
def test_urls_that_git_must_not_be_given_are_refused(url):
    with pytest.raises(git.GitError, match="URL"):
        Remote.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://host/a.git",
        "http://host:3000/a.git",
        "ssh://git@host/a.git",
        "git@host:a/b.git",
        "git://host/a",
        "file:///srv/a.git",
        "/srv/a.git",
    ],
)
def test_the_usual_urls_stay_as_they_are(url):
    assert Remote.parse(url).url == url


@given(st.text(max_size=60) | st.from_regex(r"(https?|ext|ssh)://?:?[a-z:@/\-]{0,30}"))
def test_no_text_becomes_an_option_or_a_helper(text):
    try:
        url = Remote.parse(text, Login("token")).url
    except git.GitError:
        return
    assert not url.startswith("-")
    assert "::" not in url.split("/")[0]
    assert not any(character.isspace() for character in url if ord(character) < 128)


@pytest.mark.parametrize(
    ("url", "token", "username", "password"),
    [
        ("https://host/x", None, "", ""),
        ("https://host/x", "t", "x-access-token", "t"),
        ("https://ann@host/x", "t", "ann", "t"),
        ("https://ann:p%40ss@host/x", None, "ann", "p@ss"),
        ("https://ann:pass@host/x", "t", "ann", "t"),
    ],
)
def test_credentials_leave_the_url(url, token, username, password):
    remote = Remote.parse(url, Login(token))
    assert remote.url == "https://host/x"
    assert (remote.username, remote.password) == (username, password)
    assert token == "t" or not password or password not in repr(remote)


def test_a_token_is_only_for_the_host_of_its_repository():
    assert list(Remote.parse("https://host:8443/x", Login("t")).git_settings()) == [
        "credential.https://host:8443.helper"
    ]


def test_a_token_that_could_smuggle_lines_is_refused():
    with pytest.raises(git.GitError, match="control characters"):
        Remote.parse("https://host/x", Login("t\nhost=evil"))
