"""`git apply` of our patch onto the base gives the commit's tree, for 500 generated histories."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.muster.worker.git.histories import Bench, Tree, check, histories

SHARES = 4  # each a test of its own, so that they run beside each other
EXAMPLES = 125


@pytest.mark.parametrize("share", range(SHARES))
def test_a_patch_takes_one_tree_to_the_other(
    tmp_path_factory: pytest.TempPathFactory, share: int
) -> None:
    bench = Bench.create(tmp_path_factory.mktemp("histories"))
    seen: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(histories())
    def of_any_history(history: tuple[Tree, Tree]) -> None:
        change = check(bench, *history)
        seen.update(file.status for file in change.files)
        seen.update(f"{file.old_mode}>{file.mode}" for file in change.files)
        seen["binary"] += sum(file.binary for file in change.files)

    of_any_history()
    # Or it was no trial of what it is to be one of.
    wanted = {"added", "modified", "deleted", "renamed", "binary", "100644>100755", "120000>"}
    assert wanted <= {what for what, times in seen.items() if times}
