"""Pipelines: which are stored, and what a machine is given of them."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import pipeline, stage_fields
from app.domain.errors import InvalidFields
from app.domain.pipeline import Gate, GateKind, Stage, StageKind


def _raw(name: str = "develop", command: str = "{description}", **more: Any) -> dict[str, Any]:
    return {"name": name, "command": command, **more}


def _refusal(*raw: dict[str, Any]) -> dict[str, list[str]]:
    with pytest.raises(InvalidFields) as refusal:
        pipeline.parse(raw)
    return refusal.value.errors


# ---- parse -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 20])
def test_a_pipeline_may_have_one_to_twenty_stages(count: int):
    stages = pipeline.parse([_raw(f"s{i}") for i in range(count)])
    assert [stage.name for stage in stages] == [f"s{i}" for i in range(count)]


@pytest.mark.parametrize("count", [0, 21])
def test_another_number_of_stages_is_refused(count: int):
    errors = _refusal(*(_raw(f"s{i}") for i in range(count)))
    assert errors == {"pipeline": ["a pipeline has 1 to 20 stages"]}


@pytest.mark.parametrize("idle", [{"prompt": "Sure?"}, {"gateTimeout": 60}], ids=str)
def test_how_to_ask_without_a_question_is_not_saved_any_more_but_still_read(idle: dict[str, Any]):
    (stage,) = pipeline.parse([_raw(**idle)])
    assert stage.gate is None
    with pytest.raises(InvalidFields) as refusal:
        stage_fields.require_gates([_raw("a"), _raw("b", **idle)])
    (name,) = idle
    words = [f"{name} requires one of confirm, choices and input"]
    assert refusal.value.errors == {"pipeline.1": words}
    stage_fields.require_gates([_raw(**idle, confirm=True)])


def test_the_default_pipeline_is_one_hour_of_development():
    (stage,) = pipeline.parse(pipeline.DEFAULT)
    assert stage == Stage("develop", "{description}", StageKind.AGENT, 3600, None)


def test_what_a_stage_does_not_say_has_a_default():
    assert pipeline.parse([_raw()]) == (Stage("develop", "{description}"),)


@pytest.mark.parametrize(
    "command",
    [
        "{description} {branch} {project} {choice} {input} {instruction} {round}",
        "no variable at all",
        "{Upper}",
        "{a1}",
        "{snake_case}",
        "{}",
        "{ branch }",
        "{",
        "}{",
        '{"json": {"key": 1}}',
        "{{branch}}",
        "{BRANCH}",
        "{größe}",
        "",
    ],
)
def test_known_variables_and_any_other_brace_are_accepted(command: str):
    assert pipeline.parse([_raw(command=command)])[0].command == command


@pytest.mark.parametrize(
    ("command", "unknown"),
    [
        ("{descripton}", ["{descripton}"]),
        ("{task} then {branch} then {agent}", ["{agent}", "{task}"]),
        ("{nope} {nope}", ["{nope}"]),
        ("{{nope}}", ["{nope}"]),
        ("line\n{nope}\nline", ["{nope}"]),
        ("{{x}{branch}}", ["{x}"]),
    ],
)
def test_an_unknown_variable_is_refused_by_name(command: str, unknown: list[str]):
    messages = _refusal(_raw("a", "{branch}"), _raw("b", command))["pipeline.1"]
    assert [message.split(" isn't a variable; use ")[0] for message in messages] == unknown
    listed = "{description}, {branch}, {project}, {choice}, {input}, {instruction}, {round}"
    assert messages[0].endswith(listed)


def test_only_the_first_unknown_variables_are_named() -> None:
    """Each in some hundred characters: a command has room for thousands."""
    names = sorted(f"{{{a}{b}{c}}}" for a in "xyz" for b in "abcdefgh" for c in "abcdefgh")
    messages = _refusal(_raw("a", " ".join(names)))["pipeline.0"]
    assert [message.split(" ")[0] for message in messages] == names[:20]


def test_a_shell_stage_may_have_any_braces():
    script = "awk '{print}' {nope} ${HOME} {description}"
    (stage,) = pipeline.parse([_raw(command=script, kind="shell")])
    assert (stage.kind, stage.command) == (StageKind.SHELL, script)


@pytest.mark.parametrize(
    "gates",
    [
        {"confirm": True, "choices": ["a"]},
        {"confirm": True, "input": True},
        {"choices": ["a"], "input": True},
        {"confirm": True, "choices": ["a"], "input": True},
    ],
    ids=lambda gates: "+".join(gates),
)
def test_two_gates_of_one_stage_are_refused(gates: dict[str, Any]):
    errors = _refusal(_raw(**gates))
    assert errors == {"pipeline.0": ["only one of confirm, choices and input is allowed"]}


def test_a_gate_that_is_off_does_not_count():
    (stage,) = pipeline.parse([_raw(confirm=False, choices=[], input=True)])
    assert stage.gate is not None
    assert stage.gate.kind is GateKind.INPUT


def test_choices_that_repeat_are_refused():
    assert _refusal(_raw(choices=["a", "b", "a"])) == {"pipeline.0": ["choices must be different"]}


def test_a_second_stage_of_one_name_is_refused_where_it_stands():
    errors = _refusal(_raw("a"), _raw("b"), _raw("a"), _raw("a"))
    again = ["the stage name 'a' is used twice"]
    assert errors == {"pipeline.2": again, "pipeline.3": again}


def test_all_field_errors_are_reported_at_once():
    errors = _refusal(
        _raw("a", "{x}", confirm=True, input=True), _raw("a", "{y}", choices=["1", "1"])
    )
    assert [len(errors["pipeline.0"]), len(errors["pipeline.1"])] == [2, 3]


@pytest.mark.parametrize(
    ("keys", "gate"),
    [
        ({}, None),
        ({"prompt": "unused", "gateTimeout": 5}, None),
        ({"confirm": True}, Gate(GateKind.CONFIRM, "Run stage “develop”?")),
        ({"choices": ["a", "b"]}, Gate(GateKind.CHOOSE, "Choose for stage “develop”", ("a", "b"))),
        ({"input": True}, Gate(GateKind.INPUT, "Input for stage “develop”")),
        ({"confirm": True, "prompt": "Go?"}, Gate(GateKind.CONFIRM, "Go?")),
        (
            {"input": True, "gateTimeout": 9},
            Gate(GateKind.INPUT, "Input for stage “develop”", (), 9),
        ),
        (
            {"choices": ["a"], "prompt": "?", "gateTimeout": 1},
            Gate(GateKind.CHOOSE, "?", ("a",), 1),
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_a_stage_s_keys_make_its_gate(keys: dict[str, Any], gate: Gate | None):
    assert pipeline.parse([_raw(**keys)])[0].gate == gate


# ---- fill --------------------------------------------------------------------------------------

VALUES = {
    "description": "fix {branch} and $(rm -rf /) “now” {nope}\n{description}",
    "branch": "muster/7-1",
    "project": "shop",
    "choice": "b",
    "input": "",
}


@pytest.mark.parametrize(
    ("command", "filled"),
    [
        ("{description}", VALUES["description"]),
        ("on {branch} of {project}", "on muster/7-1 of shop"),
        ("{branch}{branch}", "muster/7-1muster/7-1"),
        ("[{input}]", "[]"),
        ("{{branch}}", "{muster/7-1}"),
        ("{Branch} {a1} {} { branch } {nope}", "{Branch} {a1} {} { branch } {nope}"),
        (r"\1 \g<0> {choice}", r"\1 \g<0> b"),
        ("", ""),
    ],
)
def test_known_variables_are_filled_once_and_the_rest_is_literal(command: str, filled: str):
    assert pipeline.fill_variables(command, VALUES) == filled


def test_a_variable_without_a_value_stays_as_it_is():
    assert pipeline.fill_variables("{choice} on {branch}", {"branch": "main"}) == "{choice} on main"


_PARTS = st.one_of(
    st.sampled_from([f"{{{name}}}" for name in pipeline.VARIABLES]),
    st.text(st.sampled_from("{}abranch$\\1\n ")),
    st.text(),
)
_WILD = st.lists(_PARTS, max_size=6).map("".join)


@given(values=st.fixed_dictionaries(dict.fromkeys(pipeline.VARIABLES, _WILD)))
def test_what_is_filled_in_is_never_looked_at_again(values: dict[str, str]):
    command = "|".join(f"{{{name}}}" for name in pipeline.VARIABLES)
    assert pipeline.fill_variables(command, values) == "|".join(
        values[name] for name in pipeline.VARIABLES
    )


@given(command=_WILD, value=_WILD)
def test_filling_changes_only_the_variables(command: str, value: str):
    around = re.split(r"\{branch\}", command)
    assert pipeline.fill_variables(command, {"branch": value}) == value.join(around)


def test_an_agent_s_instruction_is_filled_and_a_script_is_not():
    agent = Stage("a", "do {description}")
    shell = Stage("b", "echo {description} $MUSTER_DESCRIPTION", StageKind.SHELL)
    assert pipeline.render_instruction(agent, {"description": "x"}) == "do x"
    assert pipeline.render_instruction(shell, {"description": "x"}) == shell.command
