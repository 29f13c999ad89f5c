"""Adapters of a machine's operator."""

from pathlib import Path

import pytest

from muster.protocol.frames import AgentOptions
from muster.worker.agents.adapters.adapter import AgentInvocation
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS, BadAdapter, load_adapters

GOOSE = """\
name = "goose"
binary = "goose"
min_version = "1.9"
headless = ["goose", "run", "{session}", "{options}", "--text={text}"]
terminal = ["goose", "session"]
session = ["--resume", "--name", "{id}"]
model = ["--model", "{model}"]
hosts = ["api.goose.example"]
keys = ["GOOSE_KEY"]
ignored_files = [".goose*"]

[permissions.edit]
environment = { GOOSE_MODE = "approve" }
[permissions.all]
environment = { GOOSE_MODE = "auto" }

[failures]
rate_limit = "slow down"

[[home]]
path = ".config/goose/config.yaml"
text = "workspace: {workspace}"
"""


def test_an_operators_agent_is_known_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "goose.toml").write_text(GOOSE)
    (tmp_path / "README").write_text("no adapter")
    adapters = load_adapters(tmp_path)
    assert {each.name for each in adapters} == {each.name for each in BUILTIN_ADAPTERS} | {"goose"}
    goose = adapters.get("goose")
    assert goose is not None
    ask = AgentInvocation("do it", AgentOptions("big"), session_id="s")
    expected = ["goose", "run", "--resume", "--name", "s", "--model", "big", "--text=do it"]
    assert goose.argv(ask) == expected
    assert goose.variables(ask) == {"GOOSE_MODE": "auto"}
    assert goose.home_files({}, "/w", AgentInvocation("x")) == [
        (".config/goose/config.yaml", "workspace: /w")
    ]


def test_it_takes_the_place_of_one_that_is_known(tmp_path: Path) -> None:
    (tmp_path / "codex.toml").write_text(
        'name = "codex"\nbinary = "codex-of-ours"\nheadless = ["codex-of-ours", "{text}"]\n'
    )
    codex = load_adapters(tmp_path).get("codex")
    assert codex is not None
    assert codex.binary == "codex-of-ours"


def test_without_a_directory_there_are_those_of_muster() -> None:
    assert load_adapters(None) is BUILTIN_ADAPTERS


READ = 'format = "claude"\nstructured = ["-j"]\n'
MESSAGES = 'messages = {format = "claude-conversation", headless = ["goose", "run"]}\n'
RUNS = 'messages = {format = "resumed-runs", headless = ["goose", "run", "{text}"]}\n'

BAD = {
    "no TOML": (GOOSE + "[", "Invalid initial character"),
    "no text": (GOOSE.replace("={text}", ""), "no {text}"),
    "a field that is none": ("colour = 1\n" + GOOSE, "unknown field `colour`"),
    "a field of another kind": ("latest = 1\n" + GOOSE, "latest"),
    "no name": (GOOSE.replace('name = "goose"\n', "", 1), "missing required field `name`"),
    "a name with blanks": (GOOSE.replace('name = "goose"', 'name = "a b"', 1), "name"),
    "another file's name": (GOOSE.replace('name = "goose"', 'name = "duck"', 1), "name is duck"),
    "a program by its path": (GOOSE.replace('binary = "g', 'binary = "/bin/g', 1), "binary"),
    "another program": (GOOSE.replace('["goose", "run"', '["sh", "run"'), "must start with goose"),
    "an unknown place": (GOOSE.replace("={text}", "={text}{prompt}"), "{prompt} isn't one of"),
    "a place in another field": (GOOSE.replace('"{model}"', '"{id}"'), "{id} isn't one of {model}"),
    "options in a word": (GOOSE.replace('"{options}"', '"x{options}"'), "a separate word"),
    "a permission that is none": (GOOSE.replace("s.edit", "s.some"), "some"),
    "a file outside of the home": (GOOSE.replace(".config/", "../"), "home"),
    "a file at an absolute path": (GOOSE.replace(".config/", "/etc/"), "home"),
    "a reason that is none": (GOOSE.replace("rate_limit =", "tired ="), "tired"),
    "no regular expression": (GOOSE.replace("slow down", "("), "failures"),
    "no expression for a wait": ('waiting = ["("]\n' + GOOSE, "waiting"),
    "an unknown format": ('format = "x"\nstructured = ["-j"]\n' + GOOSE, "use claude, codex"),
    "mcp without a format": ("mcp = {}\n" + GOOSE, "mcp needs a format"),
    "a place that no server has": (
        'format = "claude"\nstructured = ["-j"]\nmcp = {arguments = ["{server}"]}\n' + GOOSE,
        "{server} isn't one of",
    ),
    "messages without a format": (
        MESSAGES + GOOSE,
        "messages needs a format",
    ),
    "an unknown conversation": (
        READ + MESSAGES.replace("claude-conversation", "claude") + GOOSE,
        "messages: format: use acp, claude-conversation",
    ),
    "another program's conversation": (
        READ + MESSAGES.replace('["goose"', '["sh"') + GOOSE,
        "messages: headless must start with goose",
    ),
    "a text in a conversation's command": (
        READ + MESSAGES.replace('"run"', '"{text}"') + GOOSE,
        "messages: {text} isn't one of",
    ),
    "further processes without a session": (
        READ + RUNS + GOOSE.replace("session", "allowed_tool").replace("{id}", "{tool}"),
        "messages: resumed-runs needs a session",
    ),
    "further processes without a text": (
        READ + RUNS.replace("{text}", "-") + GOOSE,
        "messages: headless has no {text}",
    ),
    "a format without its options": ('format = "claude"\n' + GOOSE, "need each other"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD.keys())
def test_a_file_that_makes_no_adapter_is_refused_with_its_name(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "goose.toml").write_text(text)
    with pytest.raises(BadAdapter) as refused:
        load_adapters(tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}/goose.toml: ")
    assert words in str(refused.value)


def test_one_that_is_spoken_to_needs_no_place_for_the_text(tmp_path: Path) -> None:
    spoken = 'name = "goose"\nbinary = "goose"\nheadless = ["goose", "acp"]\nformat = "acp"\n'
    (tmp_path / "goose.toml").write_text(spoken)
    goose = load_adapters(tmp_path).get("goose")
    assert goose is not None
    assert goose.argv(AgentInvocation("do it")) == ["goose", "acp"]


@pytest.mark.parametrize("name", ["custom", "acp"])
def test_the_words_for_a_projects_own_command_are_nobodys_name(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.toml").write_text(GOOSE.replace('name = "goose"', f'name = "{name}"', 1))
    with pytest.raises(BadAdapter, match="is reserved"):
        load_adapters(tmp_path)


def test_a_directory_that_is_none_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadAdapter, match="No such file"):
        load_adapters(tmp_path / "nowhere")


def test_an_agents_hosts_stand_for_the_word_in_a_network() -> None:
    network = ["example.org", "@agent", "api.openai.com"]
    reached = BUILTIN_ADAPTERS.resolve_hosts("codex", network)
    assert reached == ["example.org", "api.openai.com", "auth.openai.com", "chatgpt.com"]
    assert BUILTIN_ADAPTERS.resolve_hosts("custom", network) == ["example.org", "api.openai.com"]
