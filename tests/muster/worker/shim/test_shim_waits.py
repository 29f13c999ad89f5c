"""A wait for a stage's output ends at once when the stage has exited."""

import pytest

from tests.muster.worker.shim_stages import Stages


def test_a_stage_of_a_shim_that_has_ended_writes_nothing_more(stages: Stages) -> None:
    stages.start("/bin/sh", "-c", "echo as far as here; exit 3")
    with pytest.raises(AssertionError, match=r"ended by exit 3 \n  as far as here"):
        stages.wait_for(b"the end")
