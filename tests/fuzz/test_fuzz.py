"""Schemathesis finds nothing: all its checks, with an admin's and a member's credentials.

Each call of an operation is one that the document allows, or one that it forbids on purpose; each
answer has to be in the document. `make fuzz` goes on for longer, from a seed of its own.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fuzz.runner import Fuzzed, fuzzed

SEED = os.environ.get("MUSTER_FUZZ_SEED", "1")
EXAMPLES = os.environ.get("MUSTER_FUZZ_EXAMPLES", "5")
SECONDS = float(os.environ.get("MUSTER_FUZZ_SECONDS", "35"))  # for each of the three
OPTIONS = ("--seed", SEED, "--max-examples", EXAMPLES)


@pytest.fixture(scope="module")
def server(
    environment: dict[str, str],
    new_database: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Fuzzed]:
    directory: Path = tmp_path_factory.mktemp("fuzzed")
    env = {**environment, "DATABASE_URL": new_database("muster_fuzzed")}
    with fuzzed(directory, env) as running:
        yield running


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize(
    ("actor", "phases"),
    [
        ("admin", "coverage"),
        ("admin", "examples,fuzzing,stateful"),
        ("member", "examples,fuzzing,stateful"),
    ],
)
def test_every_answer_is_one_that_the_document_allows(
    server: Fuzzed, actor: str, phases: str
) -> None:
    run = server.fuzz(actor, *OPTIONS, "--phases", phases, seconds=SECONDS)
    assert run.is_clean, run.output
