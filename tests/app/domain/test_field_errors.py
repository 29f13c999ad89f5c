"""The table of faults: each has a code, each code is one thing, and all of them are said by us."""

import ast
import copy
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app.domain import field_errors
from app.domain.field_errors import BY_TEMPLATE, CODES, FieldError, placeholders

ROOT = Path(app.__file__).parent
SOURCES = {path: path.read_text() for path in ROOT.rglob("*.py")}
MARSHMALLOWS = "# ---- any field, in ours"


def test_codes_and_params_are_words_that_stay_as_they_are() -> None:
    assert [code for code in CODES if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", code)] == []
    names = {name for words in BY_TEMPLATE for name in placeholders(words)}
    assert [name for name in names if not re.fullmatch("[a-z]+", name)] == []


def test_a_code_has_the_same_params_in_whatever_words() -> None:
    params: dict[str, set[tuple[str, ...]]] = {}
    for fault in BY_TEMPLATE.values():
        params.setdefault(fault.code, set()).add(tuple(sorted(placeholders(fault.template))))
    assert {code: found for code, found in params.items() if len(found) > 1} == {}


def test_a_field_error_is_its_text_and_knows_its_values() -> None:
    fault = field_errors.MUST_HAVE_CHARACTERS(min=12, max=1024, input="secret")
    assert fault == "must have 12 to 1,024 characters"
    assert (fault.code, fault.params) == ("wrong_length", {"min": 12, "max": 1024})


def test_values_that_are_known_stay_where_more_are_given() -> None:
    """As marshmallow gives its own to whatever a rule says."""
    fault = field_errors.TOO_LONG(max=200)
    assert (fault.format(input="x"), fault(max=300)) == (fault, field_errors.TOO_LONG(max=300))
    assert field_errors.NO_IDS.format(input="x") == "must be up to 200 comma-separated numbers"


def test_a_copy_equals_its_field_error() -> None:
    fault = field_errors.TOO_LONG(max=200)
    for copied in (copy.deepcopy(fault), pickle.loads(pickle.dumps(fault))):
        assert (copied, copied.code, copied.params) == (fault, "too_long", {"max": 200})


def test_values_are_never_searched_for_places() -> None:
    fault = field_errors.UNKNOWN_VARIABLE(name="name", known="{known} {0} {")
    assert fault == "{name} isn't a variable; use {known} {0} {"
    assert (
        field_errors.STAGE_NAME_TWICE(name="{max!r:x}")
        == "the stage name '{max!r:x}' is used twice"
    )


@pytest.mark.parametrize("fault", BY_TEMPLATE.values(), ids=lambda fault: fault.template[:30])
def test_no_words_are_given_twice(fault: FieldError) -> None:
    errors = [one for one in vars(field_errors).values() if isinstance(one, FieldError)]
    assert [one.code for one in errors if one.template == fault.template] == [fault.code]


def test_every_field_error_is_raised_somewhere() -> None:
    ours = (ROOT / "domain" / "field_errors.py").read_text().partition(MARSHMALLOWS)[2]
    names = set(re.findall("^([A-Z0-9_]+) = FieldError", ours, re.MULTILINE))
    assert len(names) > 90
    used = {
        name
        for text in SOURCES.values()
        for name in re.findall(r"\bfield_errors\.([A-Z0-9_]+)", text)
    }
    assert names - used == set()


def test_nothing_is_refused_in_words_without_a_code() -> None:
    """mypy knows of InvalidFields; marshmallow's errors take any text."""
    loose = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, text in SOURCES.items()
        if re.search(r"ValidationError\(|validate\.", text)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and _raises_own_text(node)
    ]
    assert loose == []


def _raises_own_text(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "ValidationError":
        return any(_is_text(part) for arg in call.args for part in _messages(arg))
    is_rule = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "validate"
    return is_rule and any(word.arg == "error" and _is_text(word.value) for word in call.keywords)


def _messages(node: ast.AST) -> Iterator[ast.AST]:
    values = node.values if isinstance(node, ast.Dict) else [node]
    for value in values:
        yield from ast.walk(value)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
