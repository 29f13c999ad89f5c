"""One word for one thing: no two public classes of the rules and the use cases share a name."""

import ast
from collections import defaultdict
from pathlib import Path

APP = Path(__file__).parents[1] / "app"


def test_no_public_class_name_is_given_twice() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for room in ("domain", "services"):
        for path in sorted((APP / room).rglob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(str(path.relative_to(APP)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
