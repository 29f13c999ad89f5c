"""Sign in and out."""

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
from muster.cli.output import info, report_action
from muster.cli.profiles import Profile
from muster.cli.tokens import Tokens

SLOW_DOWN_SECONDS = 5


@click.command
@click.option("--server", metavar="URL", help="Server URL, such as https://muster.example.")
@click.option("--token", metavar="T", help="Personal access token; - for stdin.")
@click.option("--name", metavar="NAME", help="Profile name (default: the server's host).")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    metavar="FILE",
    help="CA certificate, if the server uses a private CA.",
)
@click.option("--no-browser", is_flag=True, help="Only print the URL to open.")
@pass_muster
def login(
    muster: Muster,
    server: str | None,
    token: str | None,
    name: str | None,
    ca_file: str | None,
    no_browser: bool,
) -> None:
    """Sign in to a server, in the browser or with a token.

    Without --token, opens a browser: confirm the sign-in there or on your phone. To use a token,
    create it in the console, under Profile, and keep it off the command line:

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
            raise BadUsage("No token on stdin.")
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
    user_text = f"{text_format.one_line(who['name'])} ({text_format.one_line(who['role'])})"
    about = f"profile {profile.name}; the token is in {where}"
    report_action(f"Signed in to {profile.server} as {user_text}, {about}.")


def _choose_profile(
    muster: Muster, server: str | None, name: str | None, ca_file: str | None
) -> Profile:
    """Return the profile to sign in with: a new or an existing one. Raises BadUsage."""
    known = muster.profile
    url = profiles.normalize_server_url(server) if server else known.server
    if not url:
        raise BadUsage("No server given: muster login --server https://muster.example")
    if url != known.server:
        known = muster.config.find_by_server(url) or Profile("", url)
    called = profiles.require_name(name or known.name or profiles.default_name(url))
    return Profile(called, url, ca_file=ca_file or known.ca_file)


def _run_device_flow(api: Api, no_browser: bool) -> Tokens:
    asked = api.post("/api/auth/device", {"clientName": f"muster on {socket.gethostname()}"[:200]})
    page = str(asked["verificationUriComplete"])
    info(f"Open {page} and compare the code:")
    click.secho(f"\n    {text_format.sanitize(asked['userCode'])}\n", bold=True, err=True)
    # A URL from the server could also open a local program or another site.
    if not no_browser and sys.stderr.isatty() and profiles.is_same_origin(page, api.server):
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(page)
    pair = _poll_device_token(api, asked)
    return Tokens(access=pair["accessToken"], refresh=pair["refreshToken"])


def _poll_device_token(api: Api, asked: dict[str, Any]) -> dict[str, Any]:
    """Poll at the server's interval until the sign-in is approved. Raises CliError."""
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
                    raise CliError("The sign-in was denied in the browser.") from refusal
                case "expired_token":
                    break
                case _:
                    raise
    raise CliError("The code expired before it was entered.", advice="Start again: muster login")


@click.command
@pass_muster
def logout(muster: Muster) -> None:
    """Sign out and delete the stored tokens.

    Also ends the session on the server, if it is reachable. A personal access token stays valid
    on the server until you revoke it. The profile's name and URL are kept.
    """
    profile = muster.profile
    if not profile.name:
        raise BadUsage("You aren't signed in.", advice="List profiles: muster config list")
    held = tokens.read_tokens(profile)
    untold = _end_login(muster, profile) if held.refresh else None
    with tokens.lock_tokens():
        tokens.delete_tokens(profile)
    if untold is not None:
        report_action(
            f"Deleted the stored tokens, but couldn't end the session at {profile.server}: "
            f"{text_format.one_line(untold.message)}. End it in the console, under Profile."
        )
    elif held.personal:
        report_action(
            f"Deleted the stored token for {profile.server}. It's still valid; to revoke it: "
            "muster profile revoke-token"
        )
    else:
        report_action(f"Signed out of {profile.server}.")


def _end_login(muster: Muster, profile: Profile) -> CliError | None:
    """End the session at the server. Return the error, or None if the session has ended."""
    api = muster.api_with(StoredCredentials(profile), profile)
    try:
        api.get("/api/web/profile")  # renews the token if it has expired
        api.post("/api/auth/logout", {"refreshToken": tokens.read_tokens(profile).refresh})
    except CliError as trouble:
        is_refused = isinstance(trouble, ApiError) and trouble.http_status == 401
        is_over = is_refused or isinstance(trouble, NotSignedIn)
        return None if is_over else trouble
    return None
