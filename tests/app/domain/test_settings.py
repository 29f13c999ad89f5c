"""What a setting may be."""

from typing import Any

import pytest

from app.domain.errors import InvalidFields
from app.domain.settings import (
    REGISTRY,
    Setting,
    SettingGroup,
    SettingKind,
    SettingWarning,
    check_value,
    find_warning,
)

COUNTED = SettingKind.INTEGER, SettingKind.NUMBER
NUMBERS = [setting for setting in REGISTRY.values() if setting.kind in COUNTED]
TEXTS = [setting for setting in REGISTRY.values() if setting.kind is SettingKind.STRING]


@pytest.mark.parametrize("setting", TEXTS, ids=lambda setting: setting.key)
def test_texts_have_a_default_that_is_allowed_and_are_no_numbers(setting: Setting) -> None:
    assert check_value(setting.key, setting.default) == setting.default
    for value in (7, None, True, ["x"], "x" * (int(setting.maximum) + 1)):
        with pytest.raises(InvalidFields):
            check_value(setting.key, value)


@pytest.mark.parametrize(
    ("key", "value", "is_good"),
    [
        ("publicUrl", "https://muster.example.org", True),
        ("publicUrl", "http://10.0.0.1:9000/muster/", True),
        ("publicUrl", "muster.example.org", False),
        ("publicUrl", "javascript:alert(1)", False),
        ("publicUrl", "https://x/?q=1", False),
        ("notifyAllowedHosts", "chat.internal, 10.0.0.1,[::1]", True),
        ("notifyAllowedHosts", "https://chat.internal/", False),
        ("notifyAllowedHosts", "a\nb", False),
    ],
)
def test_a_text_has_to_look_like_what_it_is(key: str, value: str, is_good: bool) -> None:
    if is_good:
        assert check_value(key, value) == value
    else:
        with pytest.raises(InvalidFields):
            check_value(key, value)


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda setting: setting.key)
def test_defaults_and_bounds_are_allowed_themselves(setting: Setting) -> None:
    for value in (setting.default, setting.minimum, setting.maximum):
        assert check_value(setting.key, value) == value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("maxLoadPercent", 0),
        ("maxLoadPercent", 100.1),
        ("maxLoadPercent", "90"),
        ("maxLoadPercent", True),
        ("maxLoadPercent", None),
        ("maxLoadPercent", float("nan")),
        ("maxLoadPercent", float("inf")),
        ("maxLoadPercent", [90]),
        ("loginFailures", 0),
        ("loginFailures", 5.5),
        ("loginFailures", float("inf")),
        ("loginFailures", 10**400),
        ("sessionRetentionDays", -1),
        ("no_such", 1),
        ("", 1),
    ],
)
def test_what_a_setting_cannot_be_is_refused_by_its_key(key: str, value: object) -> None:
    with pytest.raises(InvalidFields) as refused:
        check_value(key, value)
    assert list(refused.value.errors) == [key]


def test_a_number_may_have_a_fraction_where_it_is_no_count() -> None:
    assert REGISTRY["maxLoadPercent"].kind is SettingKind.NUMBER
    assert check_value("maxLoadPercent", 87.5) == 87.5


def test_a_count_that_is_written_with_a_point_is_a_whole_number() -> None:
    count = check_value("loginFailures", 7.0)
    assert (count, type(count)) == (7, int)


@pytest.mark.parametrize(
    ("key", "value", "warning"),
    [
        ("publicUrl", "", SettingWarning.NO_LINKS),
        ("publicUrl", "http://127.0.0.1:9000", SettingWarning.LOOPBACK_URL),
        ("publicUrl", "http://127.8.0.1", SettingWarning.LOOPBACK_URL),
        ("publicUrl", "http://[::1]:9000/muster/", SettingWarning.LOOPBACK_URL),
        ("publicUrl", "https://localhost", SettingWarning.LOOPBACK_URL),
        ("publicUrl", "https://muster.localhost", SettingWarning.LOOPBACK_URL),
        ("publicUrl", "https://muster.example.org", None),
        ("publicUrl", "http://[", None),
        ("prices", [], SettingWarning.NO_PRICES),
        ("prices", [{"model": "*", "input": 1, "output": 1}], None),
        ("notifyAllowedHosts", "", None),
        ("maxSlots", 64, None),
    ],
)
def test_values_that_do_harm_are_warned_of(
    key: str, value: Any, warning: SettingWarning | None
) -> None:
    assert find_warning(key, value) is warning


def test_settings_are_named_grouped_and_choices_are_all_that_is_allowed() -> None:
    groups = [setting.group for setting in REGISTRY.values()]
    assert groups == sorted(groups, key=list(SettingGroup).index)
    assert len({setting.name for setting in REGISTRY.values()}) == len(REGISTRY)
    for setting in REGISTRY.values():
        for choice in setting.choices or ():
            assert check_value(setting.key, choice) == choice
        assert setting.choices is None or setting.pattern == "|".join(setting.choices)
