"""`muster profile`: your own account."""

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import Column, OutputSpec, age_column, column, outputs, report_action
from muster.cli.params import read_secret
from muster.cli.projects import BUDGET, print_budget
from muster.cli.request_commands import Option, action_command, group, list_command

SESSIONS = OutputSpec(
    fields.SESSION,
    (
        column("ID"),
        column("BY", "via", may_go=True),
        column("DEVICE", stretches=True),
        column("ADDRESS", may_go=True),
        age_column("LAST SEEN", "lastSeenAt"),
        column("CURRENT", "current"),
    ),
    empty_message="No sessions; you're using a token.",
)
TOKENS = OutputSpec(
    fields.PERSONAL_TOKEN,
    (
        column("ID", "id", is_number=True),
        column("LABEL", stretches=True),
        column("PREFIX", may_go=True),
        Column("SCOPES", lambda token: ", ".join(token.get("scopes") or [])),
        Column("PROJECTS", lambda token: token.get("projects") or "all"),
        age_column("LAST USED", "lastUsedAt"),
        age_column("EXPIRES", "expiresAt"),
        age_column("REVOKED", "revokedAt"),
    ),
    empty_message="No personal access tokens. Create one: muster profile create-token",
)
CREATED = OutputSpec(fields.CREATED_PERSONAL_TOKEN, (column("TOKEN"),))
CHAT_TOKEN = OutputSpec(
    fields.CHAT_TOKEN, (column("TOKEN"), age_column("EXPIRES", "expiresAt")), id_field="token"
)
PROFILE = OutputSpec(fields.PROFILE, (column("NAME"), column("GIT NAME", "gitName"),
                                   column("GIT EMAIL", "gitEmail")))  # fmt: skip


@click.command
@click.option(
    "--code", metavar="CODE", help="Second-factor code (default: asks for your password)."
)
@pass_muster
def reauthenticate(muster: Muster, code: str | None) -> None:
    """Confirm your identity (needed to create tokens). Lasts ten minutes."""
    if code:
        body = {"totpCode": code}
    else:
        body = {"password": read_secret("Password")}
        if muster.api.get("/api/web/profile").get("totpEnabled"):
            body["totpCode"] = click.prompt("Second-factor code", err=True)
    muster.api.post("/api/auth/reauthenticate", body)
    report_action("Confirmed your identity for ten minutes.")


@click.command
@pass_muster
@outputs(BUDGET)
def budget(muster: Muster) -> object:
    """Show your tasks' budget and usage this month."""
    found = muster.api.get("/api/web/profile/budget")
    return found, lambda: print_budget(found)


@click.command("end-session")
@click.argument("session", required=False)
@click.option("--others", is_flag=True, help="End all sessions but the current one.")
@pass_muster
def end_session(muster: Muster, session: str | None, others: bool) -> None:
    """End a session, for example on a lost device, or all others."""
    if (session is None) == (not others):
        raise BadUsage("Give a session ID or --others.")
    if others:
        muster.api.delete("/api/web/profile/sessions", others=True)
    else:
        from muster.cli.context import quote_segment

        muster.api.delete(f"/api/web/profile/sessions/{quote_segment(session)}")
    report_action("Ended all other sessions." if others else f"Ended session {session}.")


_EXPIRES_AT = Option("expires-at", "Expiry time, such as 2030-01-01T00:00:00Z.")
profile = group(
    "profile",
    "Manage your account: sessions, tokens, budget.",
    [
        action_command(
            "set",
            "PUT /api/web/profile",
            "Set the name and email address for your commits.",
            PROFILE,
            Option("git-name", "Name for your commits."),
            Option("git-email", "Email address for your commits."),
            done="Your commits now use {gitName} <{gitEmail}>.",
        ),
        budget,
        reauthenticate,
        list_command("sessions", "/api/web/profile/sessions", "List your sessions.", SESSIONS),
        end_session,
        list_command(
            "tokens", "/api/web/profile/tokens", "List your personal access tokens.", TOKENS
        ),
        action_command(
            "create-token",
            "POST /api/web/profile/tokens",
            "Create a personal access token. It's shown once.",
            CREATED,
            Option("label", "Purpose of the token.", is_required=True),
            _EXPIRES_AT,
            Option(
                "scope",
                "Scope: read, tasks, projects or admin (default: all).",
                "scopes",
                is_repeatable=True,
            ),
            Option("project", "Limit to this project.", "projects", is_repeatable=True),
            done="Created token {id}, which is shown once.",
            is_shown=True,
        ),
        action_command(
            "revoke-token",
            "POST /api/web/profile/tokens/{token}/revoke",
            "Revoke a personal access token.",
            TOKENS,
            done="Revoked token {token}.",
        ),
        action_command(
            "chat-token",
            "POST /api/web/profile/chat-token",
            "Create a token that links your chat account: bind TOKEN.",
            CHAT_TOKEN,
            done="Created a token. In the chat, send: bind TOKEN",
            is_shown=True,
        ),
    ],
)
