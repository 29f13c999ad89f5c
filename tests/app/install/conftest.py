import pytest

from app.install import carried, script
from tests.app.install.running import KNOWN, SERVER
from tests.carried import make


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return script.of(SERVER, carried.find([make(tmp_path_factory.mktemp("carried"))]), KNOWN)
