"""`make up` as a newcomer has it: in an empty home."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from demo.api import Api
from tests.flows.running import free_port, until
from tests.flows.test_demo import ROOT, processes_of, said

UP = [sys.executable, "-m", "demo.up"]


@pytest.fixture
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="muster-up-test-"))
    yield path
    shutil.rmtree(path)


def test_whoever_finds_it_serving_can_sign_in(home: Path) -> None:
    api = Api(f"http://127.0.0.1:{(port := free_port())}")
    env = {"PATH": os.environ["PATH"], "MUSTER_HOME": str(home / "state"), "MUSTER_PORT": str(port)}
    env |= {"MUSTER_MACHINES": "0", "MUSTER_WEB_WORKERS": "1", "MUSTER_EMBEDDED_FSYNC": "off"}

    def answers() -> bool:
        assert up.poll() is None, said(home)
        with suppress(OSError):
            return bool(api.get("/healthz"))
        return False

    with (home / "output").open("w") as output:
        up = subprocess.Popen(UP, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        until(answers, "answer")
        told = re.search(r"Sign in as (\S+), password (\S+)", said(home))
        assert told is not None, said(home)
        api.login(*told.groups())
        up.terminate()
        assert up.wait(30) == 0
    finally:
        up.kill()
        up.wait()
    assert processes_of(home) == {}
