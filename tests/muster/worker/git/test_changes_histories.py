"""Whatever changes in a tree, our patch turns the old one into the new one. tests/review has 500
more."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.muster.worker.git.histories import Bench, Tree, check, histories


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench.create(tmp_path_factory.mktemp("histories"))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories())
def test_a_patch_takes_one_tree_to_the_other(bench: Bench, history: tuple[Tree, Tree]) -> None:
    check(bench, *history)
