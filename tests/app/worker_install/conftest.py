import pytest

from app.worker_install import packages, script
from tests.app.worker_install.script_run import KNOWN, SERVER
from tests.bundled_wheel import make


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return script.render_script(
        SERVER, packages.find_packages([make(tmp_path_factory.mktemp("carried"))]), KNOWN
    )
