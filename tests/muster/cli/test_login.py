"""Sign in by token and by device code, and sign out."""

import stat
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from flask import Flask
from keyring.errors import KeyringLocked

from app.models import Developer
from muster.cli import profiles, tokens
from muster.cli.credentials import StoredCredentials
from muster.cli.profiles import Config, Profile
from muster.cli.tokens import Tokens
from tests.factories import access_token_of, begin_login, make_developer
from tests.muster.cli.shell import SERVER, Shell


def pat(app: Flask, developer: Developer) -> str:
    """Create a personal access token of a developer."""
    headers = {"Authorization": f"Bearer {access_token_of(developer)}"}
    answer = app.test_client().post("/api/web/profile/tokens", json={"label": "x"}, headers=headers)
    return str(answer.json["token"])


def test_a_token_from_stdin_is_private_to_its_owner(
    app: Flask, shell: Shell, ada: Developer, home: Path
) -> None:
    token = pat(app, ada)
    result = shell.done("login", "--server", f"{SERVER}/", "--token", "-", input_text=f"{token}\n")
    assert "as ada" in result.err
    assert token not in result.out + result.err
    assert stat.S_IMODE(tokens.tokens_path().stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert token not in profiles.config_path().read_text()
    assert shell.done("whoami", "--json", "name,server").json == [{"name": "ada", "server": SERVER}]


def test_an_authoritys_file_is_found_from_any_directory(
    app: Flask, shell: Shell, ada: Developer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sign_in = ("login", "--server", SERVER, "--token", "-", "--ca-file", "ca.pem")
    result = shell(*sign_in, input_text=pat(app, ada))
    assert (result.status, "'ca.pem' does not exist" in result.err) == (2, True)
    Path("ca.pem").touch()
    shell.done(*sign_in, input_text=pat(app, ada))
    [profile] = profiles.read_config().profiles.values()
    assert profile.ca_file == str(tmp_path.resolve() / "ca.pem")


def test_a_token_that_is_none_is_not_kept(shell: Shell) -> None:
    result = shell("login", "--server", SERVER, "--token", "mst_pat_nonsense")
    assert (result.status, "invalid_token" in result.err) == (3, True)
    assert not tokens.tokens_path().exists()
    assert not profiles.config_path().exists()


def test_a_device_signs_in_when_its_code_was_said_in_a_browser(
    app: Flask, shell: Shell, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Authorization": f"Bearer {access_token_of(ada)}"}

    def say_the_code(seconds: float) -> None:
        code = next(line.strip() for line in shell.err.splitlines() if line.startswith("    "))
        path = f"/api/web/device/{code}/approve"
        assert app.test_client().post(path, json={}, headers=headers).status_code == 200

    clock = SimpleNamespace(monotonic=time.monotonic, sleep=say_the_code)
    monkeypatch.setattr("muster.cli.login.time", clock)  # other tests' threads may sleep, too
    result = shell.done("login", "--server", SERVER)
    assert "/device?code=" in result.err
    assert "as ada" in result.err
    assert shell.done("whoami", "--quiet").out == f"{ada.id}\n"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("page", "opens"),
    [
        (f"{SERVER}/device?code=x", True),
        ("http://127.0.0.1:9001/device", False),
        ("https://127.0.0.1:9000/device", False),
        ("https://other.example/device", False),
        ("http://other.example\\@127.0.0.1:9000/device", False),
        ("http://somebody@127.0.0.1:9000/device", False),
        ("file:///etc/passwd", False),
        ("vscode://127.0.0.1:9000/run", False),
        ("http://[", False),
    ],
)
def test_only_pages_of_the_server_open_a_browser(
    monkeypatch: pytest.MonkeyPatch, page: str, opens: bool
) -> None:
    asked = {"verificationUri": SERVER, "verificationUriComplete": page, "userCode": "AB-CD"}
    asked |= {"deviceCode": "x", "interval": "0", "expiresIn": "0"}
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    shell = Shell(lambda request: httpx.Response(201, json=asked))
    assert shell("login", "--server", SERVER, is_terminal=True).status == 1
    assert opened == ([page] if opens else [])


def store_login(shell: Shell, developer: Developer) -> Tokens:
    pair = begin_login(developer)
    held = Tokens(access=pair.access_token, refresh=pair.refresh_token)
    shell.store_tokens(held)
    return held


def test_logging_out_ends_the_login_and_forgets_it(shell: Shell, ada: Developer) -> None:
    credentials = store_login(shell, ada)
    shell.done("logout")
    assert shell("whoami").status == 3
    shell.store_tokens(credentials)
    result = shell("whoami")
    assert result.status == 3
    assert "Your session at" in result.err


def test_logging_out_keeps_the_servers_profile(shell: Shell, ada: Developer) -> None:
    pair = begin_login(ada)
    work = Profile("work", SERVER, "ada", ca_file="/etc/ca.pem")
    other = Profile("other", "https://other.example")
    profiles.write_config(profiles.Config({"other": other, "work": work}, "work"))
    tokens.store_tokens(work, Tokens(access=pair.access_token, refresh=pair.refresh_token))
    result = shell.done("logout")
    assert result.err == f"Signed out of {SERVER}.\n"
    assert profiles.read_config() == profiles.Config({"other": other, "work": work}, "work")
    assert tokens.read_tokens(work) == Tokens()
    assert shell("whoami").status == 3
    assert {request.url.port for request in shell.asked} == {9000}


@pytest.mark.usefixtures("home")
def test_logging_out_of_an_unreachable_server_says_that_the_session_has_not_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    monkeypatch.setattr("muster.cli.client.MAX_TRIES", 1)
    shell = Shell(away)
    profile = shell.store_tokens(Tokens(access="known", refresh="mst_refresh_x"))
    result = shell.done("logout")
    assert f"Deleted the stored tokens, but couldn't end the session at {SERVER}" in result.err
    assert "no route" in result.err
    assert "Signed out" not in result.err
    assert tokens.read_tokens(profile) == Tokens()


def test_logging_out_of_a_login_that_is_over_is_done(shell: Shell, ada: Developer) -> None:
    shell.store_tokens(Tokens(access="eyJ.eyJ.old", refresh="mst_refresh_x"))
    assert shell.done("logout").err == f"Signed out of {SERVER}.\n"


def test_a_refused_access_token_is_renewed_once(shell: Shell, ada: Developer) -> None:
    held = store_login(shell, ada)
    profile = shell.store_tokens(Tokens(access="eyJ.eyJ.old", refresh=held.refresh))
    shell.done("whoami")
    renewed = tokens.read_tokens(profile)
    assert renewed.refresh not in ("", held.refresh)
    shell.done("whoami")
    assert tokens.read_tokens(profile) == renewed
    assert [at.url.path for at in shell.asked].count("/api/auth/refresh") == 1


def test_who_comes_second_takes_what_the_first_has_renewed(shell: Shell, ada: Developer) -> None:
    """A reused refresh token ends its session, so the stored one is read again first."""
    held = store_login(shell, ada)
    profile = shell.store_tokens(Tokens(access="eyJ.eyJ.old", refresh="mst_refresh_used"))
    stored = StoredCredentials(profile)
    assert stored.tokens.refresh == "mst_refresh_used"
    tokens.store_tokens(profile, held)  # the other process was faster

    def renew(refresh: str) -> Tokens:
        raise AssertionError("it is renewed a second time")

    assert stored.renew_rejected("eyJ.eyJ.old", renew) == held.access


def test_many_at_once_renew_it_once(home: Path) -> None:
    ends = iter(range(100))
    asked: list[str] = []

    def renew(refresh: str) -> Tokens:
        asked.append(refresh)
        return Tokens(access=f"new{next(ends)}", refresh=f"refresh{next(ends)}")

    profile = Profile("work", SERVER)
    tokens.store_tokens(profile, Tokens(access="old", refresh="refresh"))
    with ThreadPoolExecutor(8) as pool:
        got = list(
            pool.map(lambda _: StoredCredentials(profile).renew_rejected("old", renew), range(8))
        )
    assert asked == ["refresh"]
    assert {*got} == {"new0"}


Ring = dict[tuple[str, str], str]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch, home: Path) -> Ring:
    """A working keyring."""
    ring: Ring = {}
    monkeypatch.delenv("MUSTER_KEYRING")
    monkeypatch.setattr("keyring.set_password", lambda s, n, v: ring.update({(s, n): v}))
    monkeypatch.setattr("keyring.get_password", lambda s, n: ring.get((s, n)))
    monkeypatch.setattr("keyring.delete_password", lambda s, n: ring.pop((s, n)))
    return ring


def test_a_keyring_stores_the_tokens(app: Flask, shell: Shell, ada: Developer, ring: Ring) -> None:
    token = pat(app, ada)
    shell.done("login", "--server", SERVER, "--token", "-", "--name", "work", input_text=token)
    assert not tokens.tokens_path().exists()
    assert [token in kept for kept in ring.values()] == [True]
    shell.done("whoami")
    shell.done("logout")
    assert not ring


def test_a_renewed_login_survives_a_locked_keyring(
    shell: Shell, ada: Developer, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = begin_login(ada)
    profile = Profile("work", SERVER, tokens=tokens.KEYRING)
    tokens.store_tokens(profile, Tokens(access="eyJ.eyJ.old", refresh=pair.refresh_token))
    profiles.write_config(profiles.Config({"work": profile}, "work"))

    def locked(*_: str) -> None:
        raise KeyringLocked("it is locked")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("keyring.set_password", locked)
        result = shell.done("whoami")
    assert "Can't write to the keyring (it is locked)" in result.err
    assert tokens.read_tokens(profile).refresh not in ("", pair.refresh_token)
    assert stat.S_IMODE(tokens.tokens_path().stat().st_mode) == 0o600
    shell.done("whoami")
    tokens.store_tokens(profile, tokens.read_tokens(profile))
    assert "work" not in tokens.tokens_path().read_text()


def test_a_new_login_removes_the_former_token(
    app: Flask, shell: Shell, ada: Developer, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in = ("login", "--server", SERVER, "--token", "-")
    shell.done(*sign_in, input_text=pat(app, ada))
    assert len(ring) == 1
    monkeypatch.setenv("MUSTER_KEYRING", "off")
    shell.done(*sign_in, input_text=pat(app, ada))
    assert (ring, "mst_pat_" in tokens.tokens_path().read_text()) == ({}, True)
    monkeypatch.delenv("MUSTER_KEYRING")
    shell.done(*sign_in, input_text=pat(app, ada))
    assert (len(ring), "mst_pat_" in tokens.tokens_path().read_text()) == (1, False)


@pytest.mark.parametrize("place", [tokens.FILE, tokens.KEYRING])
def test_tokens_go_to_no_server_of_a_similar_name(
    home: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    ring: dict[tuple[str, str], str] = {}
    monkeypatch.setattr("keyring.set_password", lambda s, n, v: ring.update({(s, n): v}))
    monkeypatch.setattr("keyring.get_password", lambda s, n: ring.get((s, n)))
    held = Tokens(access="access", refresh="refresh")
    profile = Profile("work", SERVER, tokens=place)
    tokens.store_tokens(profile, held)
    assert tokens.read_tokens(profile) == held
    assert tokens.read_tokens(replace(profile, server="https://other.example")) == Tokens()


def test_another_server_under_an_old_name_gets_no_token(shell: Shell, ada: Developer) -> None:
    shell.sign_in(ada)
    other = Profile("work", "https://other.example")
    profiles.write_config(Config({"work": other}, "work"))
    assert shell("whoami").status == 3
    assert not any("authorization" in asked.headers for asked in shell.asked)


def test_the_environment_wins_over_stored_values(
    app: Flask, shell: Shell, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.sign_in(make_developer(name="grace"))
    monkeypatch.setenv("MUSTER_TOKEN", pat(app, ada))
    assert shell.done("whoami", "--json", "name").json == [{"name": "ada"}]


def test_the_environments_token_goes_to_its_server_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(lambda request: httpx.Response(200, json={"name": "ada"}))
    shell.store_tokens(Tokens(personal="mst_pat_prod"), "https://prod.example", "prod")
    monkeypatch.setenv("MUSTER_TOKEN", "mst_pat_env")
    monkeypatch.setenv("MUSTER_SERVER", "https://env.example")
    for named, host, token in [
        ([], "env.example", "mst_pat_env"),
        (["--server", "https://env.example/"], "env.example", "mst_pat_env"),
        (["--profile", "prod"], "prod.example", "mst_pat_prod"),
        (["--server", "https://prod.example"], "prod.example", "mst_pat_prod"),
        (["--server", "https://other.example"], "other.example", None),
    ]:
        shell.done(*named, "whoami")
        authorization = shell.asked[-1].headers.get("Authorization")
        assert (shell.asked[-1].url.host, authorization) == (host, token and f"Bearer {token}"), (
            named
        )


def test_a_token_is_sent_to_no_server_by_plain_http(shell: Shell) -> None:
    result = shell("login", "--server", "http://muster.example", "--token", "mst_pat_x")
    assert result.status == 2
    assert "others could read your credentials" in result.err
    assert not shell.asked
