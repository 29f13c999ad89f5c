"""The names of tasks' own branches, held against git itself."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import branch_name, field_errors

CHUNKS = st.one_of(
    st.sampled_from(list("a70/.-@{}~^:?*[\\\x7fé \t")),
    st.sampled_from(["..", "@{", ".lock", "muster", "HEAD", "refs/heads/"]),
)
TEMPLATES = st.builds(
    lambda before, after: f"{before}{{id}}{after}",
    st.lists(CHUNKS, max_size=4).map("".join),
    st.lists(CHUNKS, max_size=4).map("".join),
)
PARTS = st.sampled_from(["a", "b", "1", "12", "a1", "1b"])
NAMES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
IDS = range(1, 130)


def git_takes(name: str) -> bool:
    result = subprocess.run(
        ["git", "check-ref-format", "--branch", name], capture_output=True, cwd="/", check=False
    )
    return result.returncode == 0


@given(TEMPLATES)
@settings(max_examples=300, deadline=None)
def test_what_is_taken_git_takes_and_what_git_takes_is_taken(template: str) -> None:
    name = branch_name.render(template, 1)
    if branch_name.find_error(template, "elsewhere") == field_errors.NO_BRANCH_TEMPLATE:
        assert not git_takes(name) or set(name) & set("{}")
    else:
        assert git_takes(name)


def is_in_the_way(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


@given(st.builds(lambda a, b: f"{a}{{id}}{b}", st.sampled_from(["", "a/", "a", "1", "1/", "a/1"]),
                 st.sampled_from(["", "/1", "1", "b", "1/b", "/a/b"])), NAMES)  # fmt: skip
@settings(max_examples=500, deadline=None)
def test_no_task_is_in_the_way_of_the_default_branch(template: str, default: str) -> None:
    meets = any(is_in_the_way(branch_name.render(template, id_), default) for id_ in IDS)
    assert bool(branch_name.find_error(template, default)) == meets


@pytest.mark.parametrize(
    ("template", "default"),
    [
        ("muster/{id}", "main"),
        ("muster/{id}/x", "main"),
        ("feature/task-{id}", "develop"),
        ("{id}", "main"),
        ("muster/{id}-x", "main"),
        ("muster/{id}1", "muster-1"),
        ("main-{id}", "main"),
    ],
)
def test_templates_that_are_taken(template: str, default: str) -> None:
    assert branch_name.find_error(template, default) is None


@pytest.mark.parametrize(
    ("template", "default", "word"),
    [
        ("muster", "main", "once"),
        ("{id}/{id}", "main", "once"),
        ("muster/{ID}", "main", "once"),
        ("muster/{key}-{id}", "main", "braces"),
        ("-{id}", "main", "git"),
        ("{id}.lock", "main", "git"),
        ("x" * 200 + "{id}", "main", "200"),
        ("muster/{id}-1", "main", "attempts"),
        ("muster/1-{id}", "main", "attempts"),
        ("Muster/{id}-1/x", "main", "attempts"),
        ("main/{id}", "main", "default branch"),
        ("main/{id}", "main/7", "default branch"),
        ("{id}", "7/main", "default branch"),
        ("muster/{id}/x", "muster/7", "default branch"),
        ("muster/{id}", "muster", "default branch"),
    ],
)
def test_templates_that_are_refused(template: str, default: str, word: str) -> None:
    fault = branch_name.find_error(template, default)
    assert fault is not None
    assert word in fault


@given(st.sampled_from(["{id}", "a/{id}/b", "{id}0/0", "1{id}", "a{id}1/1"]), st.data())
def test_no_two_tasks_of_a_project_are_in_each_others_way(
    template: str, data: st.DataObject
) -> None:
    ids = data.draw(st.lists(st.integers(1, 2000), min_size=2, max_size=2, unique=True))
    assert not is_in_the_way(*(branch_name.render(template, id_) for id_ in ids))
