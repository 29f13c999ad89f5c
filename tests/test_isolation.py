"""The rules and the wire stand alone, and rules make no clock, id or I/O of their own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _modules(folder: str) -> list[str]:
    files = sorted((ROOT / folder).rglob("*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


RULES, WIRE = _modules("app/domain"), _modules("muster/protocol")
# -I: no environment and no working directory; what is loaded at start-up does not count.
PROBE = """
import sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
__import__(sys.argv[2])
print(*{name.partition(".")[0] for name in sys.modules.keys() - before})
print(*{name for name in sys.modules if name.startswith("app.")})
"""


def _loaded(module: str, *flags: str) -> tuple[set[str], set[str]]:
    """Top-level names that importing the module loads, and the modules of `app` among them."""
    command = [sys.executable, "-I", *flags, "-c", PROBE, str(ROOT), module]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    tops, ours = result.stdout.splitlines()
    return set(tops.split()) - sys.stdlib_module_names, set(ours.split())


TEXT = {"muster"}  # muster.text, the one rule that server and command line share


@pytest.mark.parametrize("module", RULES)
def test_a_rule_loads_the_standard_library_and_other_rules_only(module: str):
    tops, ours = _loaded(module, "-S")  # -S: without a single installed package
    assert tops - TEXT == {"app"}
    assert ours <= {*RULES}


@pytest.mark.parametrize("module", WIRE)
def test_the_wire_loads_the_standard_library_and_msgspec_only(module: str):
    tops, ours = _loaded(module)
    # msgspec takes typing_extensions along where it happens to be installed.
    assert tops <= {"muster", "msgspec", "typing_extensions"}
    assert not ours


OUTSIDE = {"os", "io", "time", "random", "secrets", "uuid", "socket", "subprocess", "pathlib"}
CLOCKS = {"now", "utcnow", "today"}


@pytest.mark.parametrize("module", RULES)
def test_a_rule_reads_no_clock_makes_no_id_and_opens_nothing(module: str):
    path = ROOT / Path(*module.split("."))
    text = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                assert not OUTSIDE & {name.name.partition(".")[0] for name in names}
            case ast.ImportFrom(module=str(source)):
                assert source.partition(".")[0] not in OUTSIDE
            case ast.Call(func=ast.Attribute(attr=called)):
                assert called not in CLOCKS
            case ast.Call(func=ast.Name(id=called)):
                assert called not in {"open", "print", "input"}
