"""`muster profile`: one's own account."""

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import Column, Printed, aged, column, prints, say
from muster.cli.params import a_secret
from muster.cli.projects import BUDGET, tell_budget
from muster.cli.request_commands import Given, act, group, listing

SESSIONS = Printed(
    fields.SESSION,
    (
        column("ID"),
        column("BY", "via", may_go=True),
        column("DEVICE", stretches=True),
        column("ADDRESS", may_go=True),
        aged("SEEN", "lastSeenAt"),
        column("THIS ONE", "current"),
    ),
    nothing="You have no login, only a token.",
)
TOKENS = Printed(
    fields.PERSONAL_TOKEN,
    (
        column("ID", "id", is_number=True),
        column("LABEL", stretches=True),
        column("PREFIX", may_go=True),
        Column("SCOPES", lambda token: ", ".join(token.get("scopes") or [])),
        Column("PROJECTS", lambda token: token.get("projects") or "all"),
        aged("USED", "lastUsedAt"),
        aged("ENDS", "expiresAt"),
        aged("REVOKED", "revokedAt"),
    ),
    nothing="You have no personal token: muster profile create-token makes one.",
)
CREATED = Printed(fields.CREATED_PERSONAL_TOKEN, (column("TOKEN"),))
CHAT = Printed(fields.CHAT_TOKEN, (column("TOKEN"), aged("EXPIRES", "expiresAt")), id="token")
PROFILE = Printed(fields.PROFILE, (column("NAME"), column("GIT NAME", "gitName"),
                                   column("GIT EMAIL", "gitEmail")))  # fmt: skip


@click.command
@click.option("--code", metavar="CODE", help="Of your second factor; else your password is asked.")
@pass_muster
def confirm(muster: Muster, code: str | None) -> None:
    """Say that it is you, which making tokens wants. Good for ten minutes."""
    if code:
        body = {"totpCode": code}
    else:
        body = {"password": a_secret("Password")}
        if muster.api.get("/api/web/profile").get("totpEnabled"):
            body["totpCode"] = click.prompt("Code of your second factor", err=True)
    muster.api.post("/api/auth/confirm", body)
    say("It is you.")


@click.command
@pass_muster
@prints(BUDGET)
def budget(muster: Muster) -> object:
    """What your tasks may use this month, and have used."""
    found = muster.api.get("/api/web/profile/budget")
    return found, lambda: tell_budget(found)


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
        from muster.cli.context import server_id

        muster.api.delete(f"/api/web/profile/sessions/{server_id(session)}")
    say("Ended.")


_LATER = Given("expires-at", "When it ends: 2030-01-01T00:00:00Z.")
profile = group(
    "profile",
    "Your account: logins, tokens, what you are told of.",
    [
        act(
            "set",
            "PUT /api/web/profile",
            "The name and address that your commits have.",
            PROFILE,
            Given("git-name", "The name."),
            Given("git-email", "The address."),
        ),
        budget,
        confirm,
        listing("sessions", "/api/web/profile/sessions", "Your logins.", SESSIONS),
        end_session,
        listing("tokens", "/api/web/profile/tokens", "Your personal tokens.", TOKENS),
        act(
            "create-token",
            "POST /api/web/profile/tokens",
            "Make a personal token. It is shown once.",
            CREATED,
            Given("label", "What it is for.", is_needed=True),
            _LATER,
            Given("scope", "read, tasks, projects or admin; else all.", "scopes", is_many=True),
            Given("project", "For that project alone.", "projects", is_many=True),
        ),
        act(
            "revoke-token",
            "POST /api/web/profile/tokens/{token}/revoke",
            "Have a personal token open nothing any more.",
            TOKENS,
        ),
        act(
            "chat-token",
            "POST /api/web/profile/chat-token",
            "A word that links your chat account: bind TOKEN.",
            CHAT,
        ),
    ],
)
