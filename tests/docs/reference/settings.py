"""The section on settings, from their registry."""

from app.domain.settings import REGISTRY, Setting, SettingKind
from tests.docs.reference.markdown import (
    format_sentence,
    format_table,
    join_blocks,
)
from tests.docs.reference.texts import VARIABLES, format_intro


def render() -> str:
    rows = [_row(setting) for setting in REGISTRY.values()]
    head = ("key", "default", "from", "to", "unit", "variable", "purpose")
    return join_blocks(format_intro("settings"), format_table(head, rows))


def _row(setting: Setting) -> tuple[str, ...]:
    variable = next((each.name for each in VARIABLES if each.config == setting.config), "")
    return (
        f"`{setting.key}`",
        format_default(setting),
        f"{setting.minimum:,}",
        f"{setting.maximum:,}",
        setting.unit,
        f"`{variable}`" if setting.config else "",
        format_sentence(setting.help),
    )


def format_default(setting: Setting) -> str:
    if setting.kind in (SettingKind.INTEGER, SettingKind.NUMBER):
        return f"{setting.default:,}"
    return str(setting.default or "empty")
