"""Admins who take each other's role at the same moment."""

from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer
from app.services.accounts import account_admin
from tests.app.services.accounts.test_auth_sessions import at_once
from tests.factories import make_developer


def test_of_admins_who_demote_each_other_at_once_one_stays(committed_app: Flask) -> None:
    admins = [make_developer(role=SystemRole.ADMIN) for _ in range(4)]
    results = at_once(
        committed_app,
        4,
        lambda index: account_admin.update(admins[index], admins[index].id, role=SystemRole.LEAD),
    )
    kinds = sorted(type(result).__name__ for result in results)
    assert kinds == ["Developer", "Developer", "Developer", "LastAdmin"]


@pytest.mark.parametrize(
    "change", [{"role": SystemRole.LEAD}, {"disabled": True}], ids=["demote", "disable"]
)
def test_of_two_admins_who_take_the_others_rights_at_once_one_does(
    committed_app: Flask, change: dict[str, Any]
) -> None:
    pair = [make_developer(role=SystemRole.ADMIN).id for _ in range(2)]
    make_developer(role=SystemRole.ADMIN)  # who stays: neither is the last one
    both_are_admins = Barrier(2)

    def act(index: int) -> object:
        actor = db.session.get_one(Developer, pair[index])
        both_are_admins.wait(timeout=10)
        return account_admin.update(actor, pair[1 - index], **change)

    results = at_once(committed_app, 2, act)
    assert sorted(type(result).__name__ for result in results) == ["Developer", "Forbidden"]
    winner = next(n for n, result in enumerate(results) if isinstance(result, Developer))
    left = db.session.get_one(Developer, pair[winner])
    assert (left.role, left.disabled_at) == (SystemRole.ADMIN, None)
