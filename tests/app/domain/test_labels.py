"""Selectors: how they are read and written, and which labels meet them."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import labels
from app.domain.labels import Operator, Requirement
from muster.protocol import labels as frame_labels

NAMES = st.from_regex(labels.NAME, fullmatch=True)
SHORT = st.sampled_from(["a", "b", "gpu", "zone"])  # so that labels and requirements meet
LABELS = st.dictionaries(SHORT, st.sampled_from(["", "true", "eu"]), max_size=4)


def requirements(names: st.SearchStrategy[str]) -> st.SearchStrategy[Requirement]:
    compared = st.sampled_from([Operator.EQUALS, Operator.DIFFERS])
    asked = st.sampled_from([Operator.EXISTS, Operator.MISSING])
    values = st.one_of(st.sampled_from(["", "true", "eu"]), names)
    return st.builds(Requirement, names, compared, values) | st.builds(Requirement, names, asked)


GPU = {"gpu": "true", "zone": "eu", "spare": ""}


@pytest.mark.parametrize(
    ("selector", "is_met"),
    [
        ("gpu=true", True),
        ("gpu=false", False),
        ("gpu = true , zone != us", True),
        ("gpu=true,zone!=eu", False),
        ("rack!=7", True),  # without a label there is nothing that it could be
        ("gpu", True),
        ("rack", False),
        ("!rack", True),
        ("!gpu", False),
        ("spare", True),
        ("spare=", True),
        ("spare!=", False),
        ("gpu=True", False),
        ("GPU=true", False),
    ],
)
def test_a_selector_is_met_by_all_of_its_requirements(selector: str, is_met: bool) -> None:
    assert labels.matches(labels.parse(selector), GPU) is is_met


@pytest.mark.parametrize(
    "text",
    [
        *(",", "gpu=true,", "=true", "!=true", "gpu==true", "gpu=a=b", "gpu in (a)", "!gpu=true"),
        *("-gpu", "gpu-=x", ".a", "a" * 64, f"a={'b' * 64}", "gpu=tr ue", "gpü", "a\0", "#1", "!"),
        *("gpu=true\nzone=eu", ",".join(f"a{n}" for n in range(21)), "a" * 1001),
    ],
)
def test_what_is_no_selector_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be name=value|has more than"):
        labels.parse(text)


@given(
    st.text(st.sampled_from("aZ9.-_=! ,#\t\n"), max_size=12)
    | st.lists(requirements(NAMES), max_size=25).map(lambda each: " , ".join(map(str, each)))
)
def test_clients_are_told_what_is_a_selector(text: str) -> None:
    try:
        labels.parse(text)
    except ValueError:
        assert len(text) > labels.MAX_SELECTOR or not re.fullmatch(labels.FORM[1:-1], text)
    else:
        assert re.fullmatch(labels.FORM[1:-1], text)


@pytest.mark.parametrize("part", ["  a", "a=  ", "  !  a  ", "a" * 63])
def test_an_engine_that_backtracks_sees_soon_that_a_text_is_no_selector(part: str) -> None:
    began = time.process_time()
    assert re.fullmatch(labels.FORM[1:-1], ",".join([part] * 12 + ["="])) is None
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_an_empty_selector_is_none(nothing: str | None) -> None:
    assert labels.canonicalize(nothing) is None
    assert labels.combine_selectors(nothing, nothing) == ()


@given(st.lists(requirements(NAMES), min_size=1, max_size=5))
def test_what_is_written_is_read_again(wanted: list[Requirement]) -> None:
    text = labels.canonicalize(" , ".join(map(str, wanted)))
    assert text is not None
    assert labels.parse(text) == tuple(dict.fromkeys(wanted))
    assert labels.canonicalize(text) == text


@given(st.lists(requirements(SHORT), max_size=4), LABELS)
def test_all_requirements_have_to_hold(wanted: list[Requirement], its: dict[str, str]) -> None:
    held = [labels.matches((each,), its) for each in wanted]
    assert labels.matches(tuple(wanted), its) is all(held)


@given(SHORT, st.sampled_from(["", "true", "eu"]), LABELS)
def test_of_two_opposites_one_holds(name: str, value: str, its: dict[str, str]) -> None:
    for one, other in ((Operator.EQUALS, Operator.DIFFERS), (Operator.EXISTS, Operator.MISSING)):
        assert Requirement(name, one, value).is_met(its) is not (
            Requirement(name, other, value).is_met(its)
        )


@given(st.lists(requirements(SHORT), min_size=1), st.lists(requirements(SHORT), min_size=1), LABELS)
def test_a_tasks_selector_adds_to_its_projects(
    projects: list[Requirement], tasks: list[Requirement], its: dict[str, str]
) -> None:
    texts = [",".join(map(str, each[:5])) for each in (projects, tasks)]
    both = labels.matches(labels.combine_selectors(*texts), its)
    assert both is all(labels.matches(labels.parse(text), its) for text in texts)


@given(LABELS, LABELS)
def test_what_admins_say_counts_before_what_the_machine_claims(
    claimed: dict[str, str], given: dict[str, str]
) -> None:
    both = labels.effective_labels(claimed, given)
    assert both.items() >= given.items()
    assert both == {**claimed, **given}


@given(st.one_of(NAMES, st.text(max_size=5)))
def test_machines_and_people_write_labels_alike(text: str) -> None:
    assert bool(re.fullmatch(labels.NAME, text)) is bool(re.search(frame_labels.NAME_PATTERN, text))
    assert bool(re.fullmatch(labels.VALUE, text)) is bool(
        re.search(frame_labels.VALUE_PATTERN, text)
    )
    assert labels.MAX_LABELS == frame_labels.MAX_LABELS
