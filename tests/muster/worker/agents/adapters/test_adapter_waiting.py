"""Adapters recognize what the real agents show while they ask; the screens are excerpts of theirs.

`tests/agents/real/test_terminals.py` has the agents themselves.
"""

# ruff: noqa: RUF001

import re

import pytest

from muster.worker.agents.adapters.adapter import Adapter
from muster.worker.agents.adapters.claude import CLAUDE
from muster.worker.agents.adapters.codex import CODEX

CLAUDE_TRUST = """\
 Accessing workspace:

 /home/attempt/workspace

 Quick safety check: Is this a project you created or one you trust?

 ❯ 1. Yes, I trust this folder
   2. No, exit

 Enter to confirm · Esc to cancel
"""
CLAUDE_KEY = """\
  Detected a custom API key in your environment

  ANTHROPIC_API_KEY: sk-ant-...aaaaaaaaaaaaaaaaaaaa

  Do you want to use this API key?

    1. Yes
  ❯ 2. No (recommended)
"""
CLAUDE_LOGIN = """\
❯ Repair the package, and run its tests.
  ⎿  Not logged in · Please run /login

  ? for shortcuts · ← for agents            Not logged in · Run /login
"""
CLAUDE_AT_WORK = """\
❯ Repair the package, and run its tests.

⏺ I read the package.

✻ Churning… (3s · ↑ 21 tokens)

  ? for shortcuts · ← for agents
"""
CODEX_LOGIN = """\
  Welcome to Codex, OpenAI's command-line coding agent

  Choose how you want to use Codex.

> 1. Sign in with ChatGPT
     Usage included with Plus, Pro, Business, and Enterprise plans

  2. Sign in with Device Code
     Sign in from another device with a one-time code
"""
CODEX_TRUST = """\
  Folder access
  /home/attempt/workspace

  Trust this folder? Codex can read, edit, and run files here, subject to your permission
  settings. Folder settings can run code automatically, even without a model request.

› 1. Trust and continue
  2. Back to Agent Command Center
"""
CODEX_AT_WORK = """\
  >_ OpenAI Codex (v0.169.0)
     /home/attempt/workspace

• I read the package.

› Ask Codex to do anything

  ? for shortcuts
"""


def is_waiting(adapter: Adapter, screen: str) -> bool:
    return any(re.search(pattern, screen) for pattern in adapter.waiting)


@pytest.mark.parametrize("screen", [CLAUDE_TRUST, CLAUDE_KEY, CLAUDE_LOGIN])
def test_claude_asks(screen: str) -> None:
    assert is_waiting(CLAUDE, screen)


@pytest.mark.parametrize("screen", [CODEX_LOGIN, CODEX_TRUST])
def test_codex_asks(screen: str) -> None:
    assert is_waiting(CODEX, screen)


def test_an_agent_at_work_does_not_wait() -> None:
    assert not is_waiting(CLAUDE, CLAUDE_AT_WORK)
    assert not is_waiting(CODEX, CODEX_AT_WORK)
