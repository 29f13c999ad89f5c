"""A device is known by a session that lives, and by no other."""

import pytest
from flask import Flask

from app.extensions import db
from app.services.accounts import auth, known_devices, logins
from app.services.clock import now
from tests.factories import make_developer
from tests.factories.developers import begin_login


@pytest.mark.parametrize("ended", ["none", "this one", "all", "by a new password"])
def test_a_session_that_ends_while_it_is_refreshed_proves_no_device(app: Flask, ended: str) -> None:
    ada = make_developer()
    token = auth.refresh(begin_login(ada).refresh_token).refresh_token
    if ended == "this one":  # between the commit of the one request and the query of the other
        auth.end_login(token)
    if ended == "all":
        logins.end_all(ada, now())
    if ended == "by a new password":
        ada.token_generation += 1
    db.session.commit()
    proof = known_devices.create_proof(token)
    assert (proof is not None) == (ended == "none")
    if proof is not None:
        assert known_devices.find_device(ada.name, [proof.text]) is not None
