"""Which machines a protected project's work may go to."""

import pytest

from app.domain import protection


@pytest.mark.parametrize(
    ("is_protected", "machines", "is_admitted"),
    [(False, [], True), (False, ["m2"], True), (True, ["m2"], False), (True, ["m1", "m2"], True)],
)
def test_a_protected_projects_work_goes_to_named_machines_alone(
    is_protected: bool, machines: list[str], is_admitted: bool
) -> None:
    assert (
        protection.is_machine_allowed(protection.allowed_machines(is_protected, machines), "m1")
        is is_admitted
    )


def test_where_none_is_named_it_goes_nowhere() -> None:
    assert not protection.is_machine_allowed(protection.allowed_machines(True, []), "m1")
