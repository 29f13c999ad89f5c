"""What code, tests and documents cite of this repository exists; and what does not is found."""

from pathlib import Path

import pytest

from tests.docs.citations import Repository, slug

ROOT = Path(__file__).resolve().parents[2]
# What is planted in these is not there.
PLANTED = frozenset({"tests/docs/test_citations.py", "tests/docs/test_code_names.py"})

REPOSITORY = {
    "README.md": "# Muster\n\n## Getting it\n\n## Getting it\n",
    "docs/contract.md": "# The contract\n\n## 1. Conventions\n\n## 2. Auth · tokens\n",
    "docs/machine-protocol.md": (
        "# The machine protocol\n\n1. First.\n2. Second.\n\n## Slots, gates, drains\n"
    ),
    "docs/decisions/0007-round-trips-in-dispatch.md": "# 7. Round trips\n",
    "app/__init__.py": "",
}


def missing_in(root: Path, file: str, text: str) -> list[str]:
    """What the finder finds in a small repository, with one more file."""
    for name, content in {**REPOSITORY, file: text}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return [str(each) for each in Repository(root).missing()]


def test_all_that_is_cited_is_there():
    missing = Repository(ROOT, but=PLANTED).missing()
    assert not missing, "\n" + "\n".join(map(str, missing))


LOST = {
    "a document in a docstring": (
        "app/a.py",
        '"""One line.\n\nAs lost.md says.\n"""\n',
        "app/a.py:3: there is no lost.md",
    ),
    "a document in a function's docstring": (
        "app/a.py",
        'def act():\n    """As docs/lost.md says."""\n',
        "app/a.py:2: there is no docs/lost.md",
    ),
    "a document in a comment": (
        "app/a.py",
        "x = 1\n# docs/lost.md says why.\n",
        "app/a.py:2: there is no docs/lost.md",
    ),
    "a document in what people are told": (
        "app/a.py",
        'x = f"correct {1} (docs/lost.md)"\n',
        "app/a.py:1: there is no docs/lost.md",
    ),
    "a document in a configuration": (
        "pyproject.toml",
        "[a]\n# See docs/lost.md.\n",
        "pyproject.toml:2: there is no docs/lost.md",
    ),
    "a document beside the repository": (
        "docs/a.md",
        "As ../../shared/contract.md says.\n",
        "docs/a.md:1: there is no ../../shared/contract.md",
    ),
    "a section": (
        "app/a.py",
        '"""Rules (contract.md, section 3)."""\n',
        "app/a.py:1: there is no section 3 of docs/contract.md",
    ),
    "a section that the end of a comment's line cuts off": (
        "app/a.py",
        "x = 1\n# Rules (contract.md,\n# section 3).\n",
        "app/a.py:2: there is no section 3 of docs/contract.md",
    ),
    "one of several sections": (
        "docs/a.md",
        "See `contract.md`, sections 1 and 3.\n",
        "docs/a.md:1: there is no section 3 of docs/contract.md",
    ),
    "a section, said the other way round": (
        "docs/a.md",
        "See section 3 of docs/contract.md.\n",
        "docs/a.md:1: there is no section 3 of docs/contract.md",
    ),
    "a section behind a link": (
        "docs/a.md",
        "See [contract.md](contract.md), section 3.\n",
        "docs/a.md:1: there is no section 3 of docs/contract.md",
    ),
    "a section of the document itself": (
        "docs/a.md",
        "## 1. First\n\nAs section 2 says.\n",
        "docs/a.md:3: there is no section 2 of docs/a.md",
    ),
    "a heading by its name": (
        "app/a.py",
        '"""Rules (machine-protocol.md, slots and gates)."""\n',
        "app/a.py:1: there is no heading 'slots and gates' in docs/machine-protocol.md",
    ),
    "a rule": (
        "app/a.py",
        "# Rule 3: nothing is lost.\n",
        "app/a.py:1: there is no rule 3 in docs/machine-protocol.md",
    ),
    "a decision by its path": (
        "app/a.py",
        "# docs/decisions/0099 says why.\n",
        "app/a.py:1: there is no decision 0099",
    ),
    "a decision by its number": (
        "app/a.py",
        "# Decision 99 says why.\n",
        "app/a.py:1: there is no decision 0099",
    ),
    "a decision in another": (
        "docs/decisions/0008-live-settings.md",
        "# 8. Settings\n\nAlone (see 99).\n",
        "docs/decisions/0008-live-settings.md:3: there is no decision 0099",
    ),
    "a decision in another, with all its digits": (
        "docs/decisions/0008-live-settings.md",
        "# 8. Settings\n\nAlone (0099).\n",
        "docs/decisions/0008-live-settings.md:3: there is no decision 0099",
    ),
    "a link's file": (
        "docs/a.md",
        "See [the\nscript](../lost.sh).\n",
        "docs/a.md:2: there is no ../lost.sh",
    ),
    "a link's heading": (
        "docs/a.md",
        "See [it](contract.md#3-tasks).\n",
        "docs/a.md:1: there is no #3-tasks in docs/contract.md",
    ),
    "a heading of the document itself": (
        "docs/a.md",
        "# A\n\nSee [below](#b).\n",
        "docs/a.md:3: there is no #b in docs/a.md",
    ),
    "a link that is named below": (
        "docs/a.md",
        "See [it][there].\n\n[there]: lost.txt\n",
        "docs/a.md:3: there is no lost.txt",
    ),
}


@pytest.mark.parametrize(("file", "text", "expected"), LOST.values(), ids=LOST)
def test_what_is_not_there_is_found(tmp_path: Path, file: str, text: str, expected: str):
    assert missing_in(tmp_path, file, text) == [expected]


THERE = {
    "a document by its name": ("app/a.py", '"""contract.md\'s table."""\n'),
    "a section": ("app/a.py", "# (contract.md, section 1; docs/contract.md, sections 1 and 2)\n"),
    "a heading by its name": ("app/a.py", "# (machine-protocol.md, slots, gates,\n# drains)\n"),
    "a rule": ("app/a.py", "# Rule 2 of the machine protocol.\n"),
    "decisions": (
        "docs/decisions/0008-a.md",
        "# 8. A\n\nSee 7, as in 7, (0007), decisions/0007.\n",
    ),
    "links": (
        "docs/a.md",
        "# A\n\n[1](contract.md#2-auth--tokens) [2](#a) [3](decisions)\n"
        "[4](../README.md#getting-it-1)\n",
    ),
    "links elsewhere": ("docs/a.md", "[1](https://host.example/lost.md) [2](mailto:a@b.example)\n"),
    "files of others in strings": ("app/a.py", 'x = ["CHANGELOG.md", "# see other.md"]\n'),
    "what stands in a block of code": ("docs/a.md", "```sh\ncat other.md; [x](y.md)\n```\n"),
    "what looks like a link in code": ("docs/a.md", "`handlers[kind](given)` is called.\n"),
    "an RFC's section": (
        "docs/contract.md",
        REPOSITORY["docs/contract.md"] + "RFC 9457, section 3.\n",
    ),
    "what others put there": ("node_modules/a/README.md", "lost.md\n"),
    "what a virtual environment holds": (".venv/a.py", "# lost.md\n"),
}


@pytest.mark.parametrize(("file", "text"), THERE.values(), ids=THERE)
def test_what_is_there_or_no_citation_is_not_found(tmp_path: Path, file: str, text: str):
    assert missing_in(tmp_path, file, text) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Getting it", "getting-it"),
        ("Slots, gates, drains", "slots-gates-drains"),
        ("8. Dashboard · 9. Search", "8-dashboard--9-search"),
        ("For operators: what is kept?", "for-operators-what-is-kept"),
        ("log_bytes and re-queues", "log_bytes-and-re-queues"),
        ("Über Maße", "über-maße"),
    ],
)
def test_anchors_are_made_as_github_makes_them(title: str, expected: str):
    assert slug(title) == expected
