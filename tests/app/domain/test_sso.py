"""A person's identity by a provider's claims, and the roles that their groups grant."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from app.domain import sso
from app.domain.roles import ProjectRole, SystemRole

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)


def who(**claims: Any) -> sso.ExternalUser:
    return sso.user_from_claims({"sub": "1", **claims}, "groups")


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "Ada@Example.org", "email_verified": True}, "ada@example.org"),
        ({"email": "a@b", "email_verified": "true"}, "a@b"),
        ({"email": "a@b"}, None),
        ({"email": "a@b", "email_verified": False}, None),
        ({"email": "a@b", "email_verified": 1}, None),
        ({"email": "a b@c", "email_verified": True}, None),
        ({"email": ["a@b"], "email_verified": True}, None),
        ({"email": "a" * 200 + "@b", "email_verified": True}, None),
    ],
)
def test_only_a_verified_address_counts(claims: dict[str, Any], email: str | None) -> None:
    assert who(**claims).email == email


@pytest.mark.parametrize(
    ("claim", "claims", "groups"),
    [
        ("groups", {"groups": ["a", "b"]}, {"a", "b"}),
        ("groups", {"groups": "a"}, {"a"}),
        ("groups", {"groups": ["a", 7, None, ["b"]]}, {"a"}),
        ("groups", {}, set()),
        ("groups", {"groups": {"a": 1}}, set()),
        ("realm_access.roles", {"realm_access": {"roles": ["a"]}}, {"a"}),
        ("https://example.org/groups", {"https://example.org/groups": ["a"]}, {"a"}),
        ("a.b", {"a": ["b"]}, set()),
    ],
)
def test_groups_are_in_a_claim_or_in_one_inside_others(
    claim: str, claims: dict[str, Any], groups: set[str]
) -> None:
    assert sso.user_from_claims({"sub": "1", **claims}, claim).groups == groups


@pytest.mark.parametrize("subject", [None, "", 7, "x" * 256])
def test_without_a_subject_it_is_nobody(subject: object) -> None:
    with pytest.raises(ValueError, match="subject"):
        sso.user_from_claims({"sub": subject}, "groups")


def test_names_for_accounts_are_lines_and_never_run_out() -> None:
    names = sso.account_names(who(preferred_username="ada\n<x>@corp"))
    assert list(islice(names, 3)) == ["adax", "adax-2", "adax-3"]
    assert next(sso.account_names(who())) == "developer"


def test_the_highest_role_of_all_groups_counts() -> None:
    mapping = [("a", SystemRole.LEAD), ("b", SystemRole.ADMIN), ("c", SystemRole.DEVELOPER)]
    assert sso.system_role({"a", "b"}, mapping) is SystemRole.ADMIN
    assert sso.system_role({"c"}, mapping) is SystemRole.DEVELOPER
    assert sso.system_role({"d"}, mapping) is None
    projects = [("a", "WEB", ProjectRole.MEMBER), ("b", "web", ProjectRole.MAINTAINER)]
    assert sso.project_roles({"a", "b"}, projects) == {"web": ProjectRole.MAINTAINER}
    assert sso.project_roles({"a"}, projects) == {"web": ProjectRole.MEMBER}


@pytest.mark.parametrize(
    ("email", "groups", "why"),
    [
        ("a@good", ["in"], None),
        ("a@bad", ["in"], "email_domain"),
        ("a@sub.good", ["in"], "email_domain"),
        ("a@good", ["out"], "groups"),
        ("a@good", [], "groups"),
    ],
)
def test_rules_of_a_provider_keep_people_out(
    email: str, groups: list[str], why: str | None
) -> None:
    visitor = who(email=email, email_verified=True, groups=groups)
    assert sso.find_refusal(visitor, ["good"], ["in"]) == why


@pytest.mark.parametrize(
    ("auth_time", "is_anew"),
    [
        (NOW.timestamp(), True),
        ((NOW - timedelta(seconds=29)).timestamp(), True),
        ((NOW - timedelta(seconds=31)).timestamp(), False),
        (None, False),
        (True, False),
        ("2030", False),
    ],
)
def test_who_has_signed_in_there_again(auth_time: object, is_anew: bool) -> None:
    assert sso.has_signed_in_since({"auth_time": auth_time}, NOW) is is_anew
