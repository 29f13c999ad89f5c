"""The section on environment variables."""

from app.domain.settings import REGISTRY
from tests.docs.reference.markdown import (
    format_sentence,
    format_table,
    join_blocks,
)
from tests.docs.reference.texts import TEXTS, VARIABLES, Variable, format_intro


def render() -> str:
    rows = [(f"`{each.name}`", each.reader, each.default, _purpose(each)) for each in VARIABLES]
    of_stage = [(f"`{name}`", text) for name, text in TEXTS["stage_variables"].items()]
    return join_blocks(
        format_intro("environment"),
        format_table(("variable", "reader", "default", "purpose"), rows),
        format_intro("stage_variables"),
        format_table(("variable", "value"), of_stage),
    )


def _purpose(variable: Variable) -> str:
    keys = [setting.key for setting in REGISTRY.values() if setting.config == variable.config]
    of_setting = f"Default of the setting `{keys[0]}`." if variable.config else ""
    return " ".join(part for part in (of_setting, format_sentence(variable.text)) if part)
