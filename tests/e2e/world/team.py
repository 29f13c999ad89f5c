"""Who works there, on what, and on which machines."""

from typing import Any

from tests.e2e.world import asking_agent

PEOPLE = {
    # name: (role, git name)
    "alice": ("admin", "Alice Northmoor"),
    "mei": ("lead", "Mei Kuroda"),
    "bo": ("developer", "Bo Lindqvist"),
    "priya": ("developer", "Priya Nair"),
}
MEMBERS = {
    "billing": {"alice": "maintainer", "bo": "member", "mei": "member"},
    "storefront": {"bo": "maintainer", "priya": "member", "alice": "member"},
    "ingest": {"mei": "maintainer", "priya": "member"},
    "handbook": {"alice": "maintainer", "mei": "member", "bo": "member", "priya": "member"},
    "lab": {"priya": "maintainer", "alice": "member"},
    "toolbox": {"alice": "maintainer"},
}
MACHINES: dict[str, tuple[int, dict[str, str]]] = {
    # name: (slots, labels)
    "heron": (4, {"zone": "eu", "docker": "true"}),
    "tern": (3, {"zone": "eu"}),
    "osprey": (4, {"zone": "us", "big": "true"}),
    "curlew": (2, {"zone": "eu"}),
    "avocet": (2, {"zone": "us"}),
}

_PLAN = {"name": "plan", "command": "Plan how to do this, and change nothing yet.\n\n{description}"}
_DEVELOP = {"name": "develop", "command": "{description}"}

_TESTS = """\
python3 -m unittest 2>&1
python3 -c 'from billing.vat import rate; rate("NL")'"""
_CASES = "for n in $(seq 1 60); do printf '\\033[32m✓\\033[0m case %s\\n' $n; done"


def _shell(name: str, command: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "shell", "command": command, **more}


PROJECTS: dict[str, dict[str, Any]] = {
    "billing": {
        "name": "Billing",
        "agentType": "claude",
        "pipeline": [
            _PLAN,
            _DEVELOP,
            _shell("test", _TESTS),
            {"name": "changelog", "command": "Write the changelog entry for this.\n\n{description}",
             "confirm": True, "gateTimeout": 4 * 3600,
             "prompt": "Tests pass. Write the changelog entry and push the branch?"},
        ],
    },
    "storefront": {
        "name": "Storefront",
        "agentType": "claude",
        "pipeline": [_PLAN, _DEVELOP, _shell("test", "echo '47 passed'")],
        "network": {"allow": ["@agent", "registry.npmjs.org", "*.northmoor.example"]},
        "environment": {"CI": "true", "NODE_ENV": "test"},
        "secrets": {"NPM_TOKEN": "npm_0123456789abcdef"},
    },
    "ingest": {
        "name": "Ingest",
        "agentType": "claude",
        "agentOptions": {"model": "claude-sonnet-4-5", "permissions": "run"},
        "pipeline": [
            _DEVELOP,
            _shell("test", _CASES),
            _shell("release", 'echo "$MUSTER_CHOICE" > VERSION',
                   choices=["patch", "minor", "major"], prompt="Which version does this become?"),
        ],
        "budget": {"tokens": 40_000_000, "cost": 250},
        "taskBudget": {"tokens": 1_500_000},
    },
    "handbook": {
        "name": "Handbook",
        "agentType": "claude",
        "pipeline": [
            {"name": "write", "command": "{description}"},
            _shell("publish", "true", confirm=True, prompt="Publish these pages?"),
        ],
    },
    "lab": {
        "name": "Lab",
        "agentType": "custom",
        "agentCommand": "bash -c 'exec bash --norc --noprofile -i'",
        "pipeline": [{"name": "shell", "command": "{description}", "timeout": 86_400}],
    },
    "toolbox": {
        "name": "Toolbox",
        "agentType": "acp",
        "agentCommand": asking_agent.command(),
        "agentOptions": {"approvals": "ask"},
        "pipeline": [{"name": "write", "command": "{description}"}],
    },
}  # fmt: skip
