"""Signing in and out."""

import contextlib
import socket
import sys
import time
import webbrowser
from typing import Any

import click

from muster.cli import profiles, text_format, tokens
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.credentials import StaticToken, StoredCredentials
from muster.cli.errors import ApiError, BadUsage, CliError, NotSignedIn
from muster.cli.output import info
from muster.cli.profiles import Profile
from muster.cli.tokens import Tokens

SLOW_DOWN_SECONDS = 5


@click.command
@click.option("--server", metavar="URL", help="The server's address, like https://muster.example.")
@click.option("--token", metavar="T", help="A personal token; - reads it from standard input.")
@click.option("--name", metavar="NAME", help="What to call the server here; else by its host.")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    metavar="FILE",
    help="The authority of its certificate, if a private one.",
)
@click.option("--no-browser", is_flag=True, help="Only say the address to open.")
@pass_muster
def login(
    muster: Muster,
    server: str | None,
    token: str | None,
    name: str | None,
    ca_file: str | None,
    no_browser: bool,
) -> None:
    """Sign in at a server, in the browser or by a token.

    Without --token a browser is opened, here or on your phone: there you say that it is you. A
    token is made in the console, under Profile; keep it off the command line:

    \b
      muster login --server https://muster.example
      muster login --server https://muster.example --token - < token.txt
    """
    profile = _choose_profile(muster, server, name, ca_file)
    if token is None:
        new_tokens = _run_device_flow(muster.api_with(StaticToken(), profile), no_browser)
    else:
        new_tokens = Tokens(
            personal=sys.stdin.readline().strip() if token == "-" else token.strip()
        )
        if not new_tokens.personal:
            raise BadUsage("there is no token on standard input")
    who = muster.api_with(StaticToken(new_tokens.personal or new_tokens.access), profile).get(
        "/api/web/profile"
    )
    with tokens.lock_tokens():
        place = tokens.choose_storage()
        saved_profile = Profile(
            profile.name, profile.server, str(who["name"]), place, profile.ca_file
        )
        known = profiles.read_config()
        former = known.profiles.get(saved_profile.name)
        if former is not None and former.tokens != place:
            tokens.delete_tokens(former)
        tokens.store_tokens(saved_profile, new_tokens)
        profiles.write_config(known.with_profile(saved_profile))
    where = "your keyring" if place == tokens.KEYRING else str(tokens.tokens_path())
    user_text = f"You are {text_format.one_line(who['name'])} ({text_format.one_line(who['role'])})"
    info(f"{user_text} at {profile.server}, called {profile.name} here. The token is in {where}.")


def _choose_profile(
    muster: Muster, server: str | None, name: str | None, ca_file: str | None
) -> Profile:
    """What to sign in at: a new profile, or one that there is."""
    known = muster.profile
    url = profiles.normalize_server_url(server) if server else known.server
    if not url:
        raise BadUsage("say where: muster login --server https://muster.example")
    if url != known.server:
        known = muster.config.find_by_server(url) or Profile("", url)
    called = profiles.require_name(name or known.name or profiles.default_name(url))
    return Profile(called, url, ca_file=ca_file or known.ca_file)


def _run_device_flow(api: Api, no_browser: bool) -> Tokens:
    asked = api.post("/api/auth/device", {"clientName": f"muster on {socket.gethostname()}"[:200]})
    info(f"Open {text_format.sanitize(asked['verificationUri'])} and say the code:")
    click.secho(f"\n    {text_format.sanitize(asked['userCode'])}\n", bold=True, err=True)
    page = str(asked["verificationUriComplete"])
    # An address may also open a program here, or somebody else's page.
    if not no_browser and sys.stderr.isatty() and profiles.is_same_origin(page, api.server):
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(page)
    pair = _poll_device_token(api, asked)
    return Tokens(access=pair["accessToken"], refresh=pair["refreshToken"])


def _poll_device_token(api: Api, asked: dict[str, Any]) -> dict[str, Any]:
    """The pair, once somebody has let us in. Asked for as often as the server says."""
    pause = int(asked["interval"])
    until = time.monotonic() + int(asked["expiresIn"])
    while time.monotonic() < until:
        time.sleep(pause)
        try:
            pair = api.post("/api/auth/device/token", {"deviceCode": asked["deviceCode"]})
            return dict(pair)
        except ApiError as refusal:
            match refusal.code:
                case "authorization_pending":
                    pass
                case "slow_down":
                    pause += SLOW_DOWN_SECONDS
                case "access_denied":
                    raise CliError("It was said in the browser that this is not you.") from refusal
                case "expired_token":
                    break
                case _:
                    raise
    raise CliError("Nobody has said the code in time.", advice="Begin again: muster login")


@click.command
@pass_muster
def logout(muster: Muster) -> None:
    """Sign out, and forget the tokens.

    A login ends at the server as well, if that can be reached. A personal token lives on there
    until it is revoked. The server's name and address stay known.
    """
    profile = muster.profile
    if not profile.name:
        raise BadUsage("you are not signed in", advice="Profiles: muster config list")
    held = tokens.read_tokens(profile)
    untold = _end_login(muster, profile) if held.refresh else None
    with tokens.lock_tokens():
        tokens.delete_tokens(profile)
    if untold is not None:
        info(
            f"Forgotten here, but not ended at {profile.server}: "
            f"{text_format.sanitize(untold.message)}"
        )
        info("It can be ended in the console, under Profile; by itself it ends when it expires.")
    elif held.personal:
        info(f"The token of {profile.server} is forgotten here.")
        info("It is still good: revoke it by muster profile revoke-token.")
    else:
        info(f"Signed out at {profile.server}.")


def _end_login(muster: Muster, profile: Profile) -> CliError | None:
    """End the login at the server. What kept it from that; None: it is over."""
    api = muster.api_with(StoredCredentials(profile), profile)
    try:
        api.get("/api/web/profile")  # so that the token is fresh
        api.post("/api/auth/logout", {"refreshToken": tokens.read_tokens(profile).refresh})
    except CliError as trouble:
        is_refused = isinstance(trouble, ApiError) and trouble.http_status == 401
        is_over = is_refused or isinstance(trouble, NotSignedIn)
        return None if is_over else trouble
    return None
