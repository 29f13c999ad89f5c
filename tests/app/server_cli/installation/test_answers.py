"""An operator's answers, from a file or a prompt."""

from pathlib import Path

import pytest

from app.server_cli.install import EXAMPLE_ANSWERS
from app.server_cli.installation import answers
from app.server_cli.installation.answers import Answers
from app.server_cli.local.errors import OperateError

REFUSED = [
    ({"prot": 9000}, "unknown answers: prot"),
    ({"port": "9000"}, "port has the wrong type"),
    ({"port": True}, "port has the wrong type"),
    ({"port": 70000}, "port isn't a port number"),
    ({"url": "muster.example.org"}, "url must be like https://"),
    ({"url": "https://muster.example.org/there"}, "url must be like https://"),
    ({"tls": "yes"}, "tls must be one of"),
    ({"tls": "own", "certificate": "cert.pem"}, "certificate must be an absolute path"),
    ({"database": "mysql://x"}, "database must be"),
    ({"redis": "localhost"}, "redis must be"),
]


def test_the_example_has_each_answer_with_what_it_is_otherwise(tmp_path: Path) -> None:
    (file := tmp_path / "answers.toml").write_text(EXAMPLE_ANSWERS)
    assert answers.read_answers(file) == Answers()
    fields = Answers.__dataclass_fields__
    assert [name for name in fields if f"\n{name} = " not in EXAMPLE_ANSWERS] == []


@pytest.mark.parametrize(("given", "reason"), REFUSED)
def test_a_wrong_answer_is_refused_with_what_is_right(
    given: dict[str, object], reason: str
) -> None:
    with pytest.raises(OperateError, match=reason):
        answers.validate_answers(given)


def test_a_file_that_is_none_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(OperateError, match=r"nowhere\.toml"):
        answers.read_answers(tmp_path / "nowhere.toml")


def test_a_person_is_asked_for_no_more_than_what_the_answers_before_leave_open() -> None:
    asked = []

    def ask(question: str, default: str) -> str:
        asked.append(question)
        return default or "https://muster.example.org"

    found = answers.prompt_answers(ask)
    assert found == Answers(url="https://muster.example.org", tls="proxy")
    assert not any("certificate, " in question for question in asked)


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        (Answers(), {}),
        (Answers(tls="proxy", proxy="10.0.0.5"), {"MUSTER_PROXY": "10.0.0.5"}),
        (
            Answers(tls="own", certificate="/c", key="/k"),
            {"MUSTER_TLS_CERT": "/c", "MUSTER_TLS_KEY": "/k"},
        ),
        (Answers(database="postgresql://db/x"), {"DATABASE_URL": "postgresql://db/x"}),
    ],
    ids=["nothing", "proxy", "own certificate", "own database"],
)
def test_answers_are_settings(given: Answers, settings: dict[str, str]) -> None:
    always = {"MUSTER_PORT": "9000", "MUSTER_LOCAL_HTTP": "1"}
    assert given.environment() == {**always, **settings}
