"""The real command lines: how each is told where the model is, and how it is asked for something.

Without Muster: what is written to a home and set here, a machine's operator or Muster's adapter
does in life. `make bring` brings them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.programs import find

NPM = Path(__file__).parent / "npm" / "node_modules" / ".bin"
# Where `make bring` puts a Node of its own if the machine's is too old.
NODE = Path(__file__).parent / "node" / "node_modules" / ".bin"

# Its programs alone: the Python beside them is nobody else's.
PYPI = Path(__file__).parent / "aider" / ".venv" / "programs"


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it printed. `status` is None of one that had to be killed."""

    status: int | None
    stdout: str
    stderr: str
    seconds: float

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects that it printed, a line each."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]


class Agent(Protocol):
    name: str

    def furnish(self, home: Path, url: str) -> None:
        """Write to the home what must lie there before the first start."""

    def environment(self, url: str, key: str, may_run: bool = True) -> dict[str, str]: ...

    def argv(self, prompt: str, session: str | None = None, may_run: bool = True) -> list[str]:
        """`session` is gone on with. If it `may_run`, all is allowed: commands and edits."""

    def session(self, ended: Ended) -> str: ...


class Claude:
    name = "claude"

    def furnish(self, home: Path, url: str) -> None:
        """It needs nothing there when it is asked by `-p`."""

    def environment(self, url: str, key: str, may_run: bool = True) -> dict[str, str]:
        return {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": key,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_MAX_RETRIES": "1",
        }

    def argv(self, prompt: str, session: str | None = None, may_run: bool = True) -> list[str]:
        argv = ["claude", "-p", prompt, "--output-format", "stream-json", "--verbose"]
        argv += ["--permission-mode", "acceptEdits"]
        # Not `bypassPermissions`, which is refused to root.
        argv += ["--allowedTools", "Bash"] if may_run else []
        return [*argv, "--resume", session] if session else argv

    def session(self, ended: Ended) -> str:
        return str(ended.lines[0]["session_id"])


class Subscriber(Claude):
    """Logged in with an account, which is told of limits otherwise than a key."""

    name = "claude-subscriber"

    def environment(self, url: str, key: str, may_run: bool = True) -> dict[str, str]:
        variables = super().environment(url, key, may_run)
        variables["CLAUDE_CODE_OAUTH_TOKEN"] = variables.pop("ANTHROPIC_API_KEY")
        return variables


class Codex:
    name = "codex"

    def furnish(self, home: Path, url: str) -> None:
        (home / ".codex").mkdir()
        (home / ".codex" / "config.toml").write_text(
            f"""\
model = "gpt-5.5"
model_provider = "scripted"

[model_providers.scripted]
name = "Scripted"
base_url = "{url}/v1"
env_key = "CODEX_API_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
"""
        )

    def environment(self, url: str, key: str, may_run: bool = True) -> dict[str, str]:
        return {"CODEX_API_KEY": key}

    def argv(self, prompt: str, session: str | None = None, may_run: bool = True) -> list[str]:
        # Its sandbox needs namespaces that not every machine gives.
        sandbox = "danger-full-access" if may_run else "read-only"
        argv = ["codex", "exec", "--json", "--sandbox", sandbox]
        return [*argv, "resume", session, prompt] if session else [*argv, prompt]

    def session(self, ended: Ended) -> str:
        return str(ended.lines[0]["thread_id"])


class OpenCode:
    name = "opencode"

    def furnish(self, home: Path, url: str) -> None:
        """Its settings are in a variable."""

    def environment(self, url: str, key: str, may_run: bool = True) -> dict[str, str]:
        model = {"name": "Large", "limit": {"context": 200_000, "output": 8_000}}
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Scripted",
            "options": {"baseURL": f"{url}/v1", "apiKey": key},
            "models": {"large": model},
        }
        settings = {
            "autoupdate": False,
            "share": "disabled",
            "model": "scripted/large",
            "small_model": "scripted/large",
            "provider": {"scripted": provider},
            "permission": {"bash": "allow" if may_run else "ask"},
        }
        return {
            "OPENCODE_CONFIG_CONTENT": json.dumps(settings),
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        }

    def argv(self, prompt: str, session: str | None = None, may_run: bool = True) -> list[str]:
        # Its log alone says that a request was refused and is tried again.
        argv = ["opencode", "run", "--format", "json", "--print-logs", "--log-level", "ERROR"]
        # Without a title it asks the model for one, and tells nowhere what that took.
        argv += ["--session", session] if session else ["--title", "Task"]
        return [*argv, prompt]

    def session(self, ended: Ended) -> str:
        return str(ended.lines[0]["sessionID"])


class Gemini:
    name = "gemini"

    def furnish(self, home: Path, url: str) -> None:
        settings = {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "privacy": {"usageStatisticsEnabled": False},
            "general": {"enableAutoUpdate": False, "maxAttempts": 2},
        }
        (home / ".gemini").mkdir()
        (home / ".gemini" / "settings.json").write_text(json.dumps(settings))

    def environment(self, url: str, key: str, may_run: bool = True) -> dict[str, str]:
        return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": key}

    def argv(self, prompt: str, session: str | None = None, may_run: bool = True) -> list[str]:
        argv = ["gemini", "-m", "gemini-2.5-pro", "--skip-trust", "--output-format", "stream-json"]
        argv += ["--approval-mode", "yolo" if may_run else "auto_edit"]
        argv += ["--resume", session] if session else []
        return [*argv, "--prompt", prompt]

    def session(self, ended: Ended) -> str:
        return str(ended.lines[0]["session_id"])


class Aider:
    """Without tools: it edits by what its model says, and runs no command but the user's own."""

    name = "aider"

    def furnish(self, home: Path, url: str) -> None:
        """It needs nothing there."""

    def environment(self, url: str, key: str, may_run: bool = True) -> dict[str, str]:
        return {"OPENAI_API_BASE": f"{url}/v1", "OPENAI_API_KEY": key}

    def argv(self, prompt: str, session: str | None = None, may_run: bool = True) -> list[str]:
        argv = ["aider", "--no-auto-commits", "--no-dirty-commits", "--no-gitignore"]
        argv += ["--no-check-update", "--no-show-release-notes", "--no-analytics"]
        argv += ["--no-stream", "--no-pretty", "--analytics-log", ".aider.requests.jsonl"]
        argv += ["--yes-always", "--no-suggest-shell-commands", "--model", "openai/large"]
        argv += AIDERS
        argv += ["--restore-chat-history"] if session else []
        return [*argv, f"--message={prompt}"]

    def session(self, ended: Ended) -> str:
        return "latest"


AIDERS = ["--edit-format", "diff", "--no-show-model-warnings"]
"""What it has to be told of a model that it does not know."""

CLAUDE, CODEX, OPENCODE, GEMINI = Claude(), Codex(), OpenCode(), Gemini()
AGENTS: tuple[Agent, ...] = (CLAUDE, CODEX, OPENCODE, GEMINI)
AIDER = Aider()


def run(
    argv: list[str],
    at: Path,
    variables: Mapping[str, str],
    within: float = 120.0,
    inherits: tuple[int, ...] = (),
) -> Ended:
    """With these variables alone, and no input; killed with its whole process group in the end."""
    path = os.pathsep.join([str(NPM), str(NODE), str(PYPI), os.environ["PATH"]])
    found = shutil.which(argv[0], path=path) or find(argv[0])
    begun = time.monotonic()
    process = subprocess.Popen(
        [found, *argv[1:]],
        cwd=at,
        env={"PATH": path, "LANG": "C.UTF-8", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        pass_fds=inherits,
    )
    try:
        stdout, stderr = process.communicate(timeout=within)
        status: int | None = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        stdout, stderr = process.communicate()
        status = None
    return Ended(status, stdout, stderr, time.monotonic() - begun)
