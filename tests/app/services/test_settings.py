"""Settings: in force at once, everywhere, and told in the audit log."""

import pytest
import sqlalchemy as sa
from flask import Flask

import config
from app.domain.errors import Forbidden, InvalidFields
from app.domain.roles import SystemRole
from app.domain.settings import REGISTRY
from app.extensions import db
from app.models import AuditEntry, Developer
from app.services import settings
from tests.app.services.statements import counted
from tests.conftest import SECRETS
from tests.factories import make_developer


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


def changes() -> list[object]:
    return list(db.session.scalars(sa.select(AuditEntry.changes).order_by(AuditEntry.id)))


def test_a_stored_value_stands_instead_of_the_default_until_it_is_taken_back(
    admin: Developer,
) -> None:
    assert settings.value("maxLoadPercent") == 90
    settings.update(admin, {"maxLoadPercent": 50})
    assert settings.value("maxLoadPercent") == 50
    settings.update(admin, {"maxLoadPercent": None})
    assert settings.value("maxLoadPercent") == 90
    assert changes() == [
        {"before": {"maxLoadPercent": 90}, "after": {"maxLoadPercent": 50}},
        {"before": {"maxLoadPercent": 50}, "after": {"maxLoadPercent": 90}},
    ]


def test_the_environments_value_is_the_default(
    admin: Developer, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setitem(app.config, "MAX_LOAD_PERCENT", 70)
    assert settings.value("maxLoadPercent") == 70
    settings.update(admin, {"maxLoadPercent": 60})
    assert settings.value("maxLoadPercent") == 60


def test_without_an_environment_the_defaults_are_the_registrys() -> None:
    addresses = dict.fromkeys(config.ADDRESSES, "redis://nowhere")
    loaded = config.load({**SECRETS, **addresses, "MUSTER_HOME": "/nowhere"})
    for setting in REGISTRY.values():
        if setting.config is not None:
            assert loaded[setting.config] == setting.default, setting.key


def test_what_is_set_to_what_it_is_already_is_no_change(admin: Developer) -> None:
    settings.update(admin, {"loginFailures": 7})
    settings.update(admin, {"loginFailures": 7})
    assert len(changes()) == 1


def test_all_that_is_wrong_is_told_and_nothing_is_stored(admin: Developer) -> None:
    with pytest.raises(InvalidFields) as refused:
        settings.update(admin, {"maxLoadPercent": 50, "loginFailures": "9", "nope": None})
    assert refused.value.errors.keys() == {"loginFailures", "nope"}
    assert settings.value("maxLoadPercent") == 90
    assert changes() == []


@pytest.mark.parametrize("role", [SystemRole.DEVELOPER, SystemRole.LEAD])
def test_settings_are_for_admins(app: Flask, role: SystemRole) -> None:
    developer = make_developer(role=role)
    with pytest.raises(Forbidden):
        settings.list_all(developer)
    with pytest.raises(Forbidden):
        settings.update(developer, {"loginFailures": 7})


def test_it_is_told_who_set_what_and_when(admin: Developer) -> None:
    settings.update(admin, {"loginFailures": 7})
    views = {view.setting.key: view for view in settings.list_all(admin)}
    assert views.keys() == REGISTRY.keys()
    view = views["loginFailures"]
    assert (view.value, view.default, view.updated_by) == (7, 5, admin)
    assert view.updated_at is not None
    assert views["maxLoadPercent"].updated_by is None


def test_asking_again_costs_nothing(app: Flask) -> None:
    settings.value("loginFailures")
    with counted(settings=True) as sent:
        for key in REGISTRY:
            settings.value(key)
    assert sent == []
