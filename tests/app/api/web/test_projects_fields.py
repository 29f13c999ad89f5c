"""What the fields of a project may hold, and whose word they take; what is wrong is named."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.services import encryption
from tests.app.api.web.projects_world import NEW, Login, admin
from tests.factories import make_developer, make_project

__all__ = ["admin"]


def test_a_project_has_claude_unless_it_says_otherwise(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    least = {"key": "Shop", "repoUrl": NEW["repoUrl"]}
    made = client.post("/api/admin/projects", json=least, headers=admin)
    assert (made.status_code, made.json["agentType"]) == (201, "claude")
    schemas = client.get("/api/openapi.json").json["components"]["schemas"]
    assert schemas["NewProject"]["properties"]["agentType"]["default"] == "claude"
    assert "agentType" not in schemas["NewProject"]["required"]
    # A change that does not name it leaves it alone.
    for change, agent in (({"agentType": "codex"}, "codex"), ({"name": "Store"}, "codex")):
        changed = client.put("/api/web/projects/shop", json=change, headers=admin).json
        assert changed["agentType"] == agent


def test_sandboxes_and_networks_are_stored_as_written_and_stay_until_changed(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    network = allow("Packages.example.com", "@agent", "::1", "packages.example.COM")
    own = stage(network={"allow": ["B.example:22"]})
    made = client.post(
        "/api/admin/projects", json={**NEW, **network, **own, "minSandbox": "full"}, headers=admin
    ).json
    fields = {"minSandbox": "full", **allow("packages.example.com", "@agent", "[::1]")}
    for change, expected in (
        ({"name": "Store"}, fields),
        ({"network": "none"}, fields | {"network": "none"}),
        ({"network": "open", "minSandbox": None}, {"network": "open", "minSandbox": None}),
    ):
        assert made["pipeline"][0]["network"] == {"allow": ["b.example:22"]}
        made = client.put("/api/web/projects/shop", json=change, headers=admin).json
        assert {name: made[name] for name in expected} == expected
        assert client.get("/api/web/projects/shop", headers=admin).json.items() <= made.items()


def test_agent_options_are_kept_without_what_is_null_and_replaced_as_a_whole(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    given = options({"model": "large", "permissions": None, "arguments": []})
    own = stage(agentOptions={"model": None, "permissions": "run"})
    made = client.post("/api/admin/projects", json={**NEW, **given, **own}, headers=admin).json
    assert made["agentOptions"] == {"model": "large", "arguments": []}
    assert made["pipeline"][0]["agentOptions"] == {"permissions": "run"}
    assert made["requireChange"] is False
    for change, kept in (
        ({"requireChange": True}, made["agentOptions"]),
        (options({"permissions": "edit"}), {"permissions": "edit"}),
        (options({"model": None}), None),
        (stage(agentOptions={"model": None}), None),
    ):
        changed = client.put("/api/web/projects/shop", json=change, headers=admin).json
        assert (changed["agentOptions"], changed["requireChange"]) == (kept, True)
    assert "agentOptions" not in changed["pipeline"][0]


def stage(**fields: Any) -> dict[str, Any]:
    return {"pipeline": [{"name": "s", "command": "c", **fields}]}


def options(value: Any) -> dict[str, Any]:
    return {"agentOptions": value}


def allow(*hosts: Any) -> dict[str, Any]:
    return {"network": {"allow": list(hosts)}}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"key": "1st"}, "key", id="key with a digit first"),
        pytest.param({"key": "a b"}, "key", id="key with a space"),
        pytest.param({"key": "Shop\n"}, "key", id="key with a line break"),
        pytest.param({"key": "k" * 65}, "key", id="key too long"),
        pytest.param({"key": None}, "key", id="key null"),
        pytest.param({"repoUrl": "--upload-pack=id"}, "repoUrl", id="url an option"),
        pytest.param({"repoUrl": "ext::sh -c id"}, "repoUrl", id="url that runs a command"),
        pytest.param({"repoUrl": "ssh://-oProxyCommand=id/x"}, "repoUrl", id="host an option"),
        pytest.param({"repoUrl": "https://a:b@h/x"}, "repoUrl", id="url with a password"),
        pytest.param({"repoUrl": "https://token@h/x"}, "repoUrl", id="url with a token as user"),
        pytest.param({"repoUrl": "https://h/\x1b[2J"}, "repoUrl", id="url with escapes"),
        pytest.param({"repoUrl": "x"}, "repoUrl", id="no url"),
        pytest.param({"defaultBranch": "-d"}, "defaultBranch", id="branch an option"),
        pytest.param({"defaultBranch": "a..b"}, "defaultBranch", id="branch no ref"),
        pytest.param({"agentType": "GPT"}, "agentType", id="agent in capitals"),
        pytest.param({"agentType": "a" * 33}, "agentType", id="agent too long"),
        pytest.param({"agentType": "x\n"}, "agentType", id="agent with a line break"),
        pytest.param({"agentType": None}, "agentType", id="agent null"),
        pytest.param({"agentType": "custom"}, "agentCommand", id="custom without a command"),
        pytest.param({"agentCommand": "'"}, "agentCommand", id="command with an open quote"),
        pytest.param(options("all"), "agentOptions", id="options no object"),
        pytest.param(options({"speed": 1}), "agentOptions.speed", id="unknown option"),
        pytest.param(options({"model": ""}), "agentOptions.model", id="model empty"),
        pytest.param(options({"model": "m" * 201}), "agentOptions.model", id="model too long"),
        pytest.param(options({"model": "a\0b"}), "agentOptions", id="NUL in the model"),
        pytest.param(options({"model": "a\nb"}), "agentOptions.model", id="model of two lines"),
        pytest.param(
            options({"permissions": "root"}), "agentOptions.permissions", id="unknown permissions"
        ),
        pytest.param(
            options({"interface": "web"}), "agentOptions.interface", id="unknown interface"
        ),
        pytest.param(
            options({"allowedTools": ["x"] * 65}), "agentOptions.allowedTools", id="too many tools"
        ),
        pytest.param(
            options({"allowedTools": ["x", ""]}), "agentOptions.allowedTools.1", id="tool empty"
        ),
        pytest.param(
            options({"arguments": "--fast"}), "agentOptions.arguments", id="arguments no list"
        ),
        pytest.param(
            options({"arguments": ["x"] * 65}), "agentOptions.arguments", id="too many arguments"
        ),
        pytest.param(
            options({"arguments": ["x" * 1001]}), "agentOptions.arguments.0", id="long argument"
        ),
        pytest.param(options({"arguments": ["\0"]}), "agentOptions", id="NUL in an argument"),
        pytest.param(
            stage(agentOptions={"permissions": 1}),
            "pipeline.0.agentOptions.permissions",
            id="stage's permissions a number",
        ),
        pytest.param({"branchName": "muster/task"}, "branchName", id="branch without an id"),
        pytest.param({"branchName": "{id}/{id}"}, "branchName", id="branch with two ids"),
        pytest.param({"branchName": "a b{id}"}, "branchName", id="branch that git refuses"),
        pytest.param({"branchName": "x{id}" * 60}, "branchName", id="branch too long"),
        pytest.param({"branchName": "main/{id}"}, "branchName", id="branch below the default"),
        pytest.param({"branchName": "muster/{id}-1"}, "branchName", id="an attempt's branch"),
        pytest.param({"defaultBranch": "muster"}, "branchName", id="default above the tasks'"),
        pytest.param({"requireChange": "yes"}, "requireChange", id="requireChange a word"),
        pytest.param({"onQuota": "retry"}, "onQuota", id="onQuota of another kind"),
        pytest.param({"quotaMinutes": 0}, "quotaMinutes", id="quotaMinutes 0"),
        pytest.param({"budget": {"minutes": 0}}, "budget.minutes", id="no minute"),
        pytest.param({"taskBudget": {"cost": -1}}, "taskBudget.cost", id="cost below 0"),
        pytest.param({"maxAttempts": 0}, "maxAttempts", id="no attempt"),
        pytest.param({"maxAttempts": 2**40}, "maxAttempts", id="too many attempts"),
        pytest.param({"minSandbox": "large"}, "minSandbox", id="unknown room"),
        pytest.param({"network": None}, "network", id="network null"),
        pytest.param({"network": "closed"}, "network", id="unknown network"),
        pytest.param({"network": ["a.example"]}, "network", id="network a list"),
        pytest.param(
            {"network": {"allow": ["x"], "deny": ["x"]}}, "network.deny", id="network that denies"
        ),
        pytest.param({"network": {}}, "network.allow", id="network without hosts"),
        pytest.param(allow(), "network.allow", id="network of no hosts"),
        pytest.param(allow(*["a.example"] * 101), "network.allow", id="too many hosts"),
        pytest.param(allow("a.example", "http://b"), "network.allow.1", id="host a URL"),
        pytest.param(allow("a" * 254), "network.allow.0", id="host too long"),
        pytest.param(allow(7), "network.allow.0", id="host a number"),
        pytest.param(stage(network="wide"), "pipeline.0.network", id="stage's unknown network"),
        pytest.param(
            stage(network={"allow": ["*"]}), "pipeline.0.network.allow.0", id="stage's host bad"
        ),
        pytest.param({"environment": {"A-B": "x"}}, "environment.A-B.key", id="no variable"),
        pytest.param({"environment": {"A": 1}}, "environment.A.value", id="variable a number"),
        pytest.param({"environment": {"A": "\0"}}, "environment", id="NUL in a variable"),
        pytest.param({"secrets": {"MUSTER_X": "x" * 8}}, "secrets.MUSTER_X.key", id="reserved"),
        pytest.param({"secrets": {"A": "x" * 7}}, "secrets.A.value", id="secret too short"),
        pytest.param({"secrets": {"A": ""}}, "secrets.A.value", id="secret empty"),
        pytest.param({"secrets": {"A": "  seven77\n"}}, "secrets.A.value", id="secret of space"),
        pytest.param({"secrets": {"A": "x" * 10_001}}, "secrets.A.value", id="secret too long"),
        pytest.param({"gitToken": "a\nb"}, "gitToken", id="token of two lines"),
        pytest.param({"sshKey": "hush"}, "sshKey", id="no key"),
        pytest.param({"sshKey": "k" * 20_001}, "sshKey", id="key too long"),
        pytest.param({"knownHosts": "git.example"}, "knownHosts", id="host without a key"),
        pytest.param({"knownHosts": "#" * 20_001}, "knownHosts", id="too many known hosts"),
        pytest.param({"name": "a\0b"}, "name", id="NUL"),
        pytest.param({"name": "\ud800"}, "name", id="half a surrogate pair"),
        pytest.param({"colour": "red"}, "colour", id="unknown field"),
        pytest.param({"pipeline": []}, "pipeline", id="no stage"),
        pytest.param(
            {"pipeline": [{"name": f"s{n}", "command": "c"} for n in range(21)]},
            "pipeline",
            id="too many stages",
        ),
        pytest.param({"pipeline": ["x"]}, "pipeline.0", id="stage a string"),
        pytest.param({"pipeline": [{"name": "s"}]}, "pipeline.0.command", id="no command"),
        pytest.param(stage(name="n" * 65), "pipeline.0.name", id="stage's name too long"),
        pytest.param(stage(name=""), "pipeline.0.name", id="stage's name empty"),
        pytest.param(stage(command="c" * 20_001), "pipeline.0.command", id="command too long"),
        pytest.param(stage(command="{nope}"), "pipeline.0", id="unknown variable"),
        pytest.param(stage(kind="python"), "pipeline.0.kind", id="unknown kind"),
        pytest.param(stage(timeout=0), "pipeline.0.timeout", id="timeout none"),
        pytest.param(stage(timeout=86_401), "pipeline.0.timeout", id="timeout too long"),
        pytest.param(stage(timeout="60"), "pipeline.0.timeout", id="timeout a string"),
        pytest.param(stage(gateTimeout=0), "pipeline.0.gateTimeout", id="gateTimeout none"),
        pytest.param(stage(choices=["a"]), "pipeline.0.choices", id="one choice"),
        pytest.param(stage(choices=["a", "a"]), "pipeline.0", id="the same choice twice"),
        pytest.param(stage(choices=["a", "b" * 201]), "pipeline.0.choices.1", id="long choice"),
        pytest.param(stage(confirm=True, input=True), "pipeline.0", id="two questions"),
        pytest.param(stage(gateTimeout=60), "pipeline.0", id="gateTimeout without a gate"),
        pytest.param(stage(prompt="Sure?"), "pipeline.0", id="prompt without a gate"),
        pytest.param(stage(prompt="Sure?", confirm=False), "pipeline.0", id="gate switched off"),
        pytest.param(stage(retries=3), "pipeline.0.retries", id="unknown field of a stage"),
    ],
)
def test_a_bad_field_is_named(
    client: FlaskClient, admin: dict[str, str], fields: dict[str, Any], named: str
) -> None:
    answer = client.post("/api/admin/projects", json={**NEW, **fields}, headers=admin)
    assert answer.status_code == 422, answer.json
    assert answer.content_type == "application/problem+json"
    assert list(answer.json["errors"]) == [named]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"repoUrl": "file:///srv/git/shop.git"}, id="file"),
        pytest.param({"repoUrl": "ssh://git@h:2222/shop.git"}, id="ssh"),
        pytest.param({"repoUrl": "https://git.example.org/shop"}, id="https"),
        pytest.param({"secrets": {"A": "eight888"}}, id="a secret as short as may be"),
        pytest.param({"secrets": {"A": "\n two lines \n"}}, id="a secret with space around it"),
        pytest.param(stage(kind="shell", command="echo {nope}"), id="braces in a script"),
        pytest.param(stage(command="{DESCRIPTION} {x1} {}"), id="braces that are no variable"),
        pytest.param(stage(choices=["a", "b"], prompt="Which?"), id="choices"),
        pytest.param(stage(prompt=None, gateTimeout=None, confirm=False), id="no question"),
        pytest.param(stage(prompt="Sure?", gateTimeout=60, confirm=True), id="a question"),
        pytest.param({"pipeline": None}, id="pipeline null"),
        pytest.param({"agentType": "qwen-code2"}, id="an agent of some machine"),
        pytest.param(options(None), id="options null"),
        pytest.param(
            options(
                {
                    "model": "m" * 200,
                    "permissions": "all",
                    "allowedTools": ["Bash(npm test:*)"] * 64,
                    "arguments": ["a" * 1000, "", "two\nlines"],
                    "interface": "terminal",
                }
            ),
            id="all options",
        ),
        pytest.param(stage(agentOptions={"model": None}), id="a stage's option null"),
        pytest.param({"minSandbox": None}, id="room null"),
        pytest.param({"minSandbox": "none"}, id="room none"),
        pytest.param({"network": "none"}, id="network none"),
        pytest.param(allow("@agent", "*.example.org:443", "192.0.2.7", "2001:db8::7"), id="hosts"),
        pytest.param(stage(network="open"), id="stage's network open"),
        pytest.param({"environment": {"TEXT": "ünï\n'\"$(x)"}}, id="any text in a variable"),
    ],
)
def test_a_good_field_is_taken(
    client: FlaskClient, admin: dict[str, str], fields: dict[str, Any]
) -> None:
    answer = client.post("/api/admin/projects", json={**NEW, **fields}, headers=admin)
    assert answer.status_code == 201, answer.json


def test_only_an_admin_says_what_on_a_machines_disk_is_a_projects_repository(
    client: FlaskClient, login: Login, admin: dict[str, str]
) -> None:
    maintainer = make_developer()
    path = f"/api/web/projects/{make_project(maintainers=[maintainer]).key}"
    headers = login(maintainer)

    def put(url: str, by: dict[str, str]) -> tuple[int, str | None]:
        answer = client.put(path, json={"repoUrl": url}, headers=by)
        return answer.status_code, answer.json.get("code")

    for url in ("file:///srv/git/x.git", "file:///home/mirrors/0a1b.git"):
        assert put(url, headers) == (403, "forbidden")
    assert put("file:///srv/git/x.git", admin) == (200, None)
    # What is there may stay: a client sends the whole project back.
    assert put("file:///srv/git/x.git", headers) == (200, None)
    assert put("file:///srv/git/y.git", headers) == (403, "forbidden")
    assert put("https://git.example.org/x.git", headers) == (200, None)
    assert put("file:///srv/git/x.git", headers) == (403, "forbidden")


@pytest.mark.parametrize(
    "url", ["file:/srv/x.git", "FILE:/srv/x.git", "FILE:///srv/x.git", "/srv/x"]
)
def test_local_paths_have_one_spelling(
    client: FlaskClient, admin: dict[str, str], url: str
) -> None:
    answer = client.post("/api/admin/projects", json={**NEW, "repoUrl": url}, headers=admin)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["repoUrl"])


def test_a_short_secret_is_refused_with_the_reason_and_its_former_value_stays(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    project = make_project(secrets={"PIN": (stored := encryption.encrypt("1234"))})
    path = f"/api/web/projects/{project.key}"
    refused = client.put(path, json={"secrets": {"PIN": "4321"}}, headers=admin)
    assert refused.status_code == 422
    [words] = refused.json["errors"]["secrets.PIN.value"]
    assert "at least 8 characters" in words
    assert "masking" in words
    # One of before the rule is kept, changed beside, and can be removed.
    assert client.put(path, json={"name": "Shop"}, headers=admin).status_code == 200
    assert project.secrets == {"PIN": stored}
    removed = client.put(path, json={"secrets": {"PIN": None}}, headers=admin)
    assert removed.json["secretNames"] == []
