"""`muster profile`: one's own account."""

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import Column, OutputSpec, age_column, column, info, outputs
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
    empty_message="You have no login, only a token.",
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
    empty_message="You have no personal token: muster profile create-token makes one.",
)
CREATED = OutputSpec(fields.CREATED_PERSONAL_TOKEN, (column("TOKEN"),))
CHAT_TOKEN = OutputSpec(
    fields.CHAT_TOKEN, (column("TOKEN"), age_column("EXPIRES", "expiresAt")), id_field="token"
)
PROFILE = OutputSpec(fields.PROFILE, (column("NAME"), column("GIT NAME", "gitName"),
                                   column("GIT EMAIL", "gitEmail")))  # fmt: skip


@click.command
@click.option("--code", metavar="CODE", help="Of your second factor; else your password is asked.")
@pass_muster
def reauthenticate(muster: Muster, code: str | None) -> None:
    """Say that it is you, which making tokens wants. Good for ten minutes."""
    if code:
        body = {"totpCode": code}
    else:
        body = {"password": read_secret("Password")}
        if muster.api.get("/api/web/profile").get("totpEnabled"):
            body["totpCode"] = click.prompt("Code of your second factor", err=True)
    muster.api.post("/api/auth/reauthenticate", body)
    info("It is you.")


@click.command
@pass_muster
@outputs(BUDGET)
def budget(muster: Muster) -> object:
    """What your tasks may use this month, and have used."""
    found = muster.api.get("/api/web/profile/budget")
    return found, lambda: print_budget(found)


@click.command("end-session")
@click.argument("session", required=False)
@click.option("--others", is_flag=True, help="All but the one that asks.")
@pass_muster
def end_session(muster: Muster, session: str | None, others: bool) -> None:
    """End a login of yours: of a lost device, or all others."""
    if (session is None) == (not others):
        raise BadUsage("say which: the id of a session, or --others")
    if others:
        muster.api.delete("/api/web/profile/sessions", others=True)
    else:
        from muster.cli.context import quote_segment

        muster.api.delete(f"/api/web/profile/sessions/{quote_segment(session)}")
    info("Ended.")


_EXPIRES_AT = Option("expires-at", "When it ends: 2030-01-01T00:00:00Z.")
profile = group(
    "profile",
    "Your account: logins, tokens, what you are told of.",
    [
        action_command(
            "set",
            "PUT /api/web/profile",
            "The name and address that your commits have.",
            PROFILE,
            Option("git-name", "The name."),
            Option("git-email", "The address."),
        ),
        budget,
        reauthenticate,
        list_command("sessions", "/api/web/profile/sessions", "Your logins.", SESSIONS),
        end_session,
        list_command("tokens", "/api/web/profile/tokens", "Your personal tokens.", TOKENS),
        action_command(
            "create-token",
            "POST /api/web/profile/tokens",
            "Make a personal token. It is shown once.",
            CREATED,
            Option("label", "What it is for.", is_required=True),
            _EXPIRES_AT,
            Option(
                "scope", "read, tasks, projects or admin; else all.", "scopes", is_repeatable=True
            ),
            Option("project", "For that project alone.", "projects", is_repeatable=True),
        ),
        action_command(
            "revoke-token",
            "POST /api/web/profile/tokens/{token}/revoke",
            "Have a personal token open nothing any more.",
            TOKENS,
        ),
        action_command(
            "chat-token",
            "POST /api/web/profile/chat-token",
            "A word that links your chat account: bind TOKEN.",
            CHAT_TOKEN,
        ),
    ],
)
