"""The environment variables of docs/reference.md are those that the code reads."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import config
from app.domain import pipeline
from tests.conftest import NOWHERE, SECRETS
from tests.docs.reference.texts import TEXTS, VARIABLES

ROOT = Path(config.__file__).parent
READERS = ("config.py", "gunicorn.conf.py", "celery_worker.py", "wsgi.py")
FOLDERS = ("app", "muster")
# A name in quotes, or where a shell script expands it.
_READ = re.compile(r"""["'$]\{?(MUSTER_[A-Z_]+)\b""")
NUMBERS = [each for each in VARIABLES if re.fullmatch(r"[\d.]+", each.default)]
READ_ELSEWHERE = {"MUSTER_MACHINES", "MUSTER_PORT"}  # not by `config.load`


def sources() -> Iterator[Path]:
    yield from (ROOT / name for name in READERS)
    for folder in FOLDERS:
        yield from (ROOT / folder).rglob("*.py")
        yield from (ROOT / folder).rglob("*.sh")


def test_each_variable_that_the_code_names_is_in_a_table() -> None:
    named = {name for path in sources() for name in _READ.findall(path.read_text())}
    listed = {each.name for each in VARIABLES if each.name.startswith("MUSTER_")}
    assert named - listed - TEXTS["internal_variables"].keys() == set()
    assert listed - named == set()


def test_what_the_server_cannot_do_without_is_in_the_table() -> None:
    assert {*config.SECRETS, *config.ADDRESSES} <= {each.name for each in VARIABLES}


def test_a_shell_stage_gets_each_variable_of_a_pipeline() -> None:
    assert TEXTS["stage_variables"] == {
        f"MUSTER_{name.upper()}": f"`{{{name}}}`" for name in pipeline.VARIABLES
    }


@pytest.mark.parametrize("name", [each.name for each in NUMBERS if each.name not in READ_ELSEWHERE])
def test_a_default_is_what_the_server_takes(name: str) -> None:
    default = next(each.default for each in NUMBERS if each.name == name)
    assert load(**{name: default}) == load()
    assert load(**{name: "77"}) != load()


def load(**variables: str) -> dict[str, Any]:
    return config.load({**SECRETS, **NOWHERE, **variables})
