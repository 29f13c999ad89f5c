"""Requests that the audit log tells of, each with rows of its own to work on.

Every secret in them has MARK in it, so that a search finds it wherever it went.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pyotp

from app.domain.chat import BotPlatform
from app.domain.delivery import DeliveryState
from app.domain.roles import ProjectRole
from app.services import encryption
from app.services.accounts import second_factor
from tests.factories import (
    add_member,
    make_binding,
    make_bot,
    make_delivery,
    make_developer,
    make_enrollment_token,
    make_identity,
    make_invitation,
    make_login,
    make_machine,
    make_project,
    make_provider,
    make_task,
)
from tests.factories.rows import numbers

MARK = "Xyzzy4711"
PIPELINE = [{"name": "a", "command": "x"}]


class Request(NamedTuple):
    path: str
    json: dict[str, Any] | None = None


class Act(NamedTuple):
    """`prepare` makes what the request needs. `tells` is the entry's action."""

    method: str
    rule: str
    tells: str
    prepare: Callable[[], Request]

    def __str__(self) -> str:
        return f"{self.method} {self.rule} {self.tells}"


def _project(**more: Any) -> dict[str, Any]:
    secrets = {
        "gitToken": f"{MARK}-git",
        "secrets": {"API_KEY": f"{MARK}-secret"},
        "environment": {"DEBUG": f"{MARK}-environment"},
    }
    return {"repoUrl": "https://h/x", "agentType": "claude", **secrets, **more}


def _secretive_project() -> str:
    return make_project(secrets={"API_KEY": f"{MARK}-sealed"}, git_token=f"{MARK}-git").key


def _new_developer() -> Request:
    account = {"role": "lead", "gitName": "N", "gitEmail": "n@example.org"}
    name = f"new{next(numbers)}"
    body = {"name": name, "password": f"{MARK} as a password", **account}
    return Request("/api/admin/developers", body)


def _changed_developer() -> Request:
    body = {"role": "lead", "password": f"{MARK} as another password", "disabled": True}
    return Request(f"/api/admin/developers/{make_developer().id}", body)


def _new_bot() -> Request:
    secrets = {"appSecret": f"{MARK}-bot", "webhookToken": f"{MARK}-signing"}
    body = {"platform": "slack", "name": "Bot", "appId": "A1", **secrets}
    return Request("/api/admin/bots", body)


def _changed_bot() -> Request:
    secrets = {"appSecret": f"{MARK}-app", "webhookToken": f"{MARK}-told"}
    body = {"name": "Other", "appId": "cli_2", "encryptKey": f"{MARK}-key", **secrets}
    return Request(f"/api/admin/bots/{make_bot(platform=BotPlatform.LARK).id}", body)


def _tested_bot() -> Request:
    """Its address is refused, so nothing is sent."""
    sealed = encryption.encrypt(f"https://127.0.0.1/{MARK}")
    bot = make_bot(platform=BotPlatform.WEBHOOK, app_id=None, webhook_token=sealed)
    return Request(f"/api/admin/bots/{bot.id}/test", {})


def _new_binding() -> Request:
    body = {"platformChatId": "C1", "projectKey": make_project().key}
    return Request(f"/api/admin/bots/{make_bot().id}/bindings", body)


def _old_binding() -> Request:
    binding = make_binding(make_bot())
    return Request(f"/api/admin/bots/{binding.bot_id}/bindings?bindingId={binding.id}")


def _signed_in() -> Request:
    developer = make_developer()
    make_login(developer)
    return Request(f"/api/admin/developers/{developer.id}/sessions")


def _forgotten_device() -> Request:
    developer = make_developer()
    setup = second_factor.set_up(developer, make_login(developer).id)
    second_factor.verify(developer, pyotp.TOTP(setup.secret).now())
    return Request(f"/api/admin/developers/{developer.id}/reset-totp")


def _new_member() -> Request:
    developer = make_developer()
    path = f"/api/admin/projects/{make_project().key}/members"
    return Request(path, {"developerId": developer.id, "role": "maintainer"})


def _former_member() -> Request:
    developer, project = make_developer(), make_project()
    add_member(project, developer, ProjectRole.MEMBER)
    return Request(f"/api/admin/projects/{project.key}/members?developerId={developer.id}")


def _dead_letter() -> Request:
    letter = make_delivery(make_task(), make_bot(), state=DeliveryState.DEAD)
    return Request(f"/api/admin/deliveries/{letter.id}/retry")


def _of_machine(body: dict[str, Any] | None) -> Callable[[], Request]:
    return lambda: Request(f"/api/admin/machines/{make_machine().id}", body)


def _revoked_token() -> Request:
    token, _ = make_enrollment_token()
    return Request(f"/api/admin/worker-tokens/{token.id}/revoke")


def _new_provider() -> Request:
    body = {"name": "corp", "label": "Corp", "issuer": "https://idp.example.org", "clientId": "m"}
    return Request("/api/admin/identity-providers", {**body, "clientSecret": f"{MARK}-client"})


def _changed_provider() -> Request:
    provider = make_provider(client_secret=encryption.encrypt(f"{MARK}-before"))
    body = {"label": "Other", "clientSecret": f"{MARK}-after"}
    return Request(f"/api/admin/identity-providers/{provider.id}", body)


def _new_identity() -> Request:
    body = {"provider": make_provider().name, "subject": "ada-1"}
    return Request(f"/api/admin/developers/{make_developer().id}/identities", body)


def _old_identity() -> Request:
    developer = make_developer()
    identity = make_identity(developer, make_provider())
    return Request(f"/api/admin/developers/{developer.id}/identities/{identity.id}")


def _old_invitation() -> Request:
    return Request(f"{INVITATIONS}/{make_invitation()[0].id}")


INVITATIONS = "/api/admin/invitations"
PROVIDERS = "/api/admin/identity-providers"
IDENTITIES = "/api/admin/developers/<int:developer_id>/identities"
MACHINE = "/api/admin/machines/<uuid:machine_id>"
ADMIN_ACTS = (
    Act("POST", PROVIDERS, "identity_provider.created", _new_provider),
    Act(
        "PUT",
        f"{PROVIDERS}/<int:provider_id>",
        "identity_provider.updated",
        _changed_provider,
    ),
    Act(
        "DELETE",
        f"{PROVIDERS}/<int:provider_id>",
        "identity_provider.deleted",
        lambda: Request(f"{PROVIDERS}/{make_provider().id}"),
    ),
    Act("POST", IDENTITIES, "identity.linked", _new_identity),
    Act("DELETE", f"{IDENTITIES}/<int:identity_id>", "identity.unlinked", _old_identity),
    Act("POST", "/api/admin/developers", "developer.created", _new_developer),
    Act("PUT", "/api/admin/developers/<int:developer_id>", "developer.updated", _changed_developer),
    Act(
        "PUT",
        "/api/admin/developers/<int:developer_id>/reset-totp",
        "developer.totp_reset",
        _forgotten_device,
    ),
    Act(
        "DELETE",
        "/api/admin/developers/<int:developer_id>/sessions",
        "developer.signed_out",
        _signed_in,
    ),
    Act(
        "POST",
        "/api/admin/projects",
        "project.created",
        lambda: Request("/api/admin/projects", _project(key=f"key{next(numbers)}")),
    ),
    Act(
        "PUT",
        "/api/admin/projects/<key>",
        "project.updated",
        lambda: Request(f"/api/admin/projects/{make_project().key}", _project(pipeline=PIPELINE)),
    ),
    Act(
        "DELETE",
        "/api/admin/projects/<key>",
        "project.deleted",
        lambda: Request(f"/api/admin/projects/{make_project().key}"),
    ),
    Act(
        "DELETE",
        "/api/admin/projects/<key>/secrets",
        "project.secrets_destroyed",
        lambda: Request(f"/api/admin/projects/{_secretive_project()}/secrets"),
    ),
    Act(
        "POST",
        "/api/admin/projects/-/checks",
        "project.checked",
        lambda: Request("/api/admin/projects/-/checks", {"repoUrl": "https://git.example/x.git"}),
    ),
    Act(
        "POST",
        "/api/admin/projects/-/deploy-key",
        "project.key_generated",
        lambda: Request("/api/admin/projects/-/deploy-key", None),
    ),
    Act("POST", "/api/admin/projects/<key>/members", "member.set", _new_member),
    Act("DELETE", "/api/admin/projects/<key>/members", "member.removed", _former_member),
    Act("PUT", MACHINE, "machine.updated", _of_machine({"name": "other", "slots": 9})),
    Act("PUT", MACHINE, "machine.drained", _of_machine({"status": "draining", "slots": 9})),
    Act("PUT", MACHINE, "machine.decommissioned", _of_machine({"status": "decommissioned"})),
    Act("DELETE", MACHINE, "machine.decommissioned", _of_machine(None)),
    Act(
        "POST",
        INVITATIONS,
        "invitation.created",
        lambda: Request(INVITATIONS, {"email": "new@example.org"}),
    ),
    Act("DELETE", f"{INVITATIONS}/<int:invitation_id>", "invitation.withdrawn", _old_invitation),
    Act(
        "POST",
        "/api/admin/worker-tokens",
        "worker_token.created",
        lambda: Request("/api/admin/worker-tokens", {"label": "rack 7"}),
    ),
    Act(
        "POST",
        "/api/admin/worker-tokens/<int:token_id>/revoke",
        "worker_token.revoked",
        _revoked_token,
    ),
    Act(
        "PUT",
        "/api/admin/settings",
        "settings.updated",
        lambda: Request("/api/admin/settings", {"maxLoadPercent": 50}),
    ),
    Act("POST", "/api/admin/bots", "bot.created", _new_bot),
    Act("PUT", "/api/admin/bots/<int:bot_id>", "bot.updated", _changed_bot),
    Act(
        "DELETE",
        "/api/admin/bots/<int:bot_id>",
        "bot.deleted",
        lambda: Request(f"/api/admin/bots/{make_bot().id}"),
    ),
    Act("POST", "/api/admin/bots/<int:bot_id>/test", "bot.tested", _tested_bot),
    Act("POST", "/api/admin/bots/<int:bot_id>/bindings", "binding.created", _new_binding),
    Act("DELETE", "/api/admin/bots/<int:bot_id>/bindings", "binding.removed", _old_binding),
    Act(
        "POST",
        "/api/admin/deliveries/<int:delivery_id>/retry",
        "delivery.retried",
        _dead_letter,
    ),
)
