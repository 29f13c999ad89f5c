"""A small world that has one of everything, and everybody's credentials for it."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask
from flask_jwt_extended import create_access_token

from app.domain import sso
from app.domain.delivery import DeliveryState
from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.domain.tokens import TokenKind, digest
from app.extensions import db
from app.models import Developer, IdentityProvider, Machine, Project, Task
from app.services import clock
from app.services.accounts import device_logins, one_time_state, tokens
from app.services.projects import check_store
from app.services.sso import account_match
from app.services.tasks import history
from tests.contract.rights_table import FROM_PROVIDER, PEOPLE
from tests.contract.scopes_table import NARROWED
from tests.factories import (
    PASSWORD,
    access_token_of,
    begin_login,
    make_attempt,
    make_binding,
    make_bot,
    make_change,
    make_content,
    make_delivery,
    make_developer,
    make_draft,
    make_enrollment_token,
    make_follow_up,
    make_gate,
    make_identity,
    make_image,
    make_invitation,
    make_login,
    make_machine,
    make_message,
    make_notification,
    make_personal_token,
    make_project,
    make_provider,
    make_review,
    make_review_comment,
    make_review_thread,
    make_saved_view,
    make_task,
    make_unused_image,
    make_usage,
    make_workspace,
)

ROLES = {"lead": SystemRole.LEAD, "admin": SystemRole.ADMIN}
_CHECK = {
    "repoUrl": "https://git.example.org/x.git",
    "branch": "main",
    "agentType": "claude",
    "hasToken": False,
    "hasKey": False,
    "steps": [],
}
ABSENT = {"key": "NOPE", "machine": str(uuid.UUID(int=7)), "number": "987654321"}


@dataclass
class World:
    """Plain values, so that nothing of it goes stale when a request is taken back."""

    password: str
    key: str
    project_id: int
    other_key: str
    task: str
    machine_id: str
    new_machine_id: str
    target: int
    a_member: int
    personal_token: str
    draft: str
    image: str
    view: str
    session: str
    worker_token: str
    enrollment_token: str
    invitation: str
    invitation_secret: str
    recovery_secret: str
    refresh_token: str
    bearers: dict[str, str]
    notification: str
    bot: str
    delivery: str
    provider: str
    provider_id: int
    other_provider: str

    def headers(self, credential: str) -> dict[str, str]:
        """Sent by a page of ours, which is what some routes want."""
        bearer = self.bearers[credential]
        page = {"Origin": "http://localhost"}
        return {**page, "Authorization": f"Bearer {bearer}"} if bearer else page

    def user_code(self) -> str:
        """Of a device that waits: each is answered once."""
        return device_logins.request_codes("x", str(uuid.uuid4())).user_code

    def exchange(self) -> dict[str, str]:
        """For a code that a program's browser was sent: each is good once."""
        code, verifier = tokens.generate(TokenKind.SIGN_IN), "v" * 43
        kept = {
            "developer": self.a_member,
            "generation": 1,
            "provider_name": self.provider,
            "session": None,
            "challenge": create_s256_code_challenge(verifier),
            "client": "x",
        }
        one_time_state.store("sso_code", code, kept, 60)
        return {"code": code, "codeVerifier": verifier}

    def store_check(self) -> None:
        """A check, whose ID is the project's key: a route has one value for both. Redis is emptied
        after each test.
        """
        check_store.save(self.key, {"projectId": self.project_id, "ended": True, **_CHECK})

    def named_in(self, route: str) -> tuple[str, str]:
        """What `*` stands for in the route, and the like that does not exist."""
        if "/api/web/device/" in route:
            return self.user_code(), "BCDF-GHJK"
        if "/checks/" in route:
            self.store_check()
        if route.startswith("GET /install/"):
            return "muster_client-0-py3-none-any.whl", "no.whl"
        for prefix, value, kind in (
            ("/api/auth/oidc/", self.provider, "key"),
            ("/api/admin/identity-providers/", str(self.provider_id), "number"),
            ("/api/web/machines/", self.machine_id, "machine"),
            ("/api/admin/machines/", self.machine_id, "machine"),
            ("/api/web/projects/", self.key, "key"),
            ("/api/admin/projects/", self.key, "key"),
            ("/api/web/profile/tokens/", self.personal_token, "number"),
            ("/api/web/profile/drafts/", self.draft, "number"),
            ("/api/web/images/", self.image, "number"),
            ("/api/web/profile/views/", self.view, "number"),
            ("/api/web/profile/sessions/", self.session, "machine"),
            ("/api/admin/invitations/", self.invitation, "number"),
            ("/api/admin/worker-tokens/", self.worker_token, "number"),
            ("/api/admin/developers/", str(self.target), "number"),
            ("/api/web/notifications/", self.notification, "number"),
            ("/api/admin/bots/", self.bot, "number"),
            ("/api/admin/deliveries/", self.delivery, "number"),
        ):
            if prefix in route:
                return value, ABSENT[kind]
        return self.task, ABSENT["number"]


def make_world(
    app: Flask, *, deleted: bool = False, narrowed: Collection[str] = ("admin", "member")
) -> World:
    """`deleted`: the project of the task has been deleted. `narrowed`: who has narrowed tokens."""
    people = {
        name: make_developer(name=name, role=ROLES.get(name, SystemRole.DEVELOPER))
        for name in PEOPLE
    }
    project = make_project(
        members=[people["member"], people["creator"]], maintainers=[people["maintainer"]]
    )
    other = make_project(members=[people["stranger"]])
    recovery_secret = tokens.generate(TokenKind.RECOVERY)
    machine = make_machine(recovery_digest=digest(recovery_secret))
    task = _waiting_task(project, people["creator"], machine, member=people["member"])
    admission, enrollment_token = make_enrollment_token(creator=people["admin"])
    invitation, invitation_secret = make_invitation(people["admin"])
    mine, _ = make_personal_token(people["member"], label=project.key)
    project.deleted_at = clock.now() if deleted else None
    refresh_token = begin_login(people["member"]).refresh_token
    about = {"title": project.key, "task_id": task.id}
    provider, other_provider = _providers(project.key)
    target = make_developer()
    make_identity(target, provider, id=target.id)  # named by one number in a path that has two
    world = World(
        password=PASSWORD,
        key=project.key,
        project_id=project.id,
        other_key=other.key,
        task=str(task.id),
        machine_id=str(machine.id),
        new_machine_id=str(uuid.uuid4()),
        target=target.id,
        a_member=people["member"].id,
        personal_token=str(mine.id),
        draft=str(make_draft(people["member"], project_key=project.key).id),
        image=str(make_unused_image(project, people["member"]).id),
        view=str(make_saved_view(people["member"], name=project.key).id),
        session=str(make_login(people["member"]).id),
        worker_token=str(admission.id),
        enrollment_token=enrollment_token,
        invitation=str(invitation.id),
        invitation_secret=invitation_secret,
        recovery_secret=recovery_secret,
        refresh_token=refresh_token,
        notification=str(make_notification(people["member"], **about).id),
        bot=str(make_binding(make_bot(), project=other, platform_chat_id="x").bot_id),
        delivery=str(make_delivery(task, make_bot(), state=DeliveryState.DEAD).id),
        provider=provider.name,
        provider_id=provider.id,
        other_provider=other_provider.name,
        bearers=_invalid_credentials(people["admin"], refresh_token, enrollment_token),
    )
    world.store_check()
    world.bearers |= {"worker": tokens.worker_jwt(machine)[0]} | _bearers(people, provider)
    for name in narrowed:
        world.bearers |= _narrowed(people[name], here=project.id, elsewhere=other.id)
    db.session.commit()
    db.session.remove()
    return world


def _waiting_task(
    project: Project, creator: Developer, machine: Machine, *, member: Developer
) -> Task:
    """It has been worked on, asks something, and has been reviewed. The member has a draft."""
    task = make_task(
        id=1_000_000 + project.id,  # far from what its thread and its draft would be called
        project=project,
        creator=creator,
        status=TaskStatus.SUSPENDED,
        suspend_reason=SuspendReason.GATE,
    )
    make_workspace(make_attempt(task, machine))
    made = make_content(task, b"made = True\n")
    make_change(task, [{"path": "made.py", "blob": made.id, "patch": None}], left_out="size")
    make_usage(task, input_tokens=1)
    make_gate(task, kind=GateKind.CONFIRM)
    make_review(task)
    # Named by one number in a path that has two.
    thread = make_review_thread(task, id=task.id)
    make_review_comment(thread, author=member, id=task.id, published_at=None)
    make_follow_up(task, id=task.id)
    make_message(task, id=task.id)
    make_image(task, id=task.id)
    history.record_event(task, EventType.CREATED, "created", clock.now())
    return task


def _narrowed(developer: Developer, *, here: int, elsewhere: int) -> dict[str, str]:
    places = {"token here": [here], "token elsewhere": [elsewhere]}
    return {
        f"{developer.name}'s {kind}": make_personal_token(
            developer, scopes=sorted(scopes), projects=places.get(kind)
        )[1]
        for kind, scopes in NARROWED.items()
    }


def _bearers(people: dict[str, Developer], provider: IdentityProvider) -> dict[str, str]:
    """Everybody's: access tokens and personal ones."""
    found = {name: access_token_of(developer) for name, developer in people.items()}
    for name, developer in people.items():
        found[f"{name}'s token"] = make_personal_token(developer)[1]
    for name in ("member", "lead", "admin"):
        found[f"{name}{FROM_PROVIDER}"] = _by_groups(provider, name)
    return found


def _providers(key: str) -> tuple[IdentityProvider, IdentityProvider]:
    """One whose groups are called as what they give, and another."""
    roles = [{"group": name, "role": role.value} for name, role in ROLES.items()]
    memberships = [{"group": "member", "project_key": key, "role": "member"}]
    nobody = "http://127.0.0.1:1"  # nothing answers there
    provider = make_provider(
        issuer=nobody, create_accounts=True, roles=roles, memberships=memberships
    )
    return provider, make_provider(issuer=nobody)


def _by_groups(provider: IdentityProvider, group: str) -> str:
    """An access token of somebody who has come from the provider, in that group."""
    claims = {"sub": group, "preferred_username": f"{group} there", "groups": [group]}
    who = sso.user_from_claims(claims, provider.groups_claim)
    developer = account_match.find_or_create(provider, who, clock.now())
    developer.password_hash = make_developer().password_hash  # for the routes that ask for it
    return access_token_of(developer)


def _invalid_credentials(
    admin: Developer, refresh_token: str, enrollment_token: str
) -> dict[str, str]:
    """Credentials that open nothing under /api/web and /api/admin, whoever's they are."""
    login = str(make_login(admin).id)
    claims = {"typ": "access", "gen": admin.token_generation, "fam": login}
    gone = make_developer(role=SystemRole.ADMIN)
    gone_access, (_, gone_token) = access_token_of(gone), make_personal_token(gone)
    gone.disabled_at = clock.now()
    expired: Any = create_access_token(
        str(admin.id), additional_claims=claims, expires_delta=timedelta(seconds=-1)
    )
    return {
        "nothing": "",
        "garbage": "garbage",
        "expired": expired,
        "refresh": refresh_token,
        "enrollment": enrollment_token,
        "disabled": gone_access,
        "token of a disabled": gone_token,
    }
