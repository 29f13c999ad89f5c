"""How a project gives each agent the model's address and its key, as docs/agents.md has it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.agents.agents import AIDER, AIDERS, CLAUDE, CODEX, GEMINI, OPENCODE, Agent


@dataclass(frozen=True)
class AgentSetup:
    """What of a project is the agent's: its variables, its secrets, its options."""

    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def setup_for(agent: Agent, url: str, key: str) -> AgentSetup:
    return _SETUPS[agent.name](url, key)


def _claude(url: str, key: str) -> AgentSetup:
    return AgentSetup({"ANTHROPIC_BASE_URL": url}, {"ANTHROPIC_API_KEY": key})


def _codex(url: str, key: str) -> AgentSetup:
    """Another address needs a provider of one's own."""
    provider = {
        "name": "Scripted",
        "base_url": f"{url}/v1",
        "env_key": "CODEX_API_KEY",
        "wire_api": "responses",
    }
    table = ", ".join(f"{name} = {json.dumps(value)}" for name, value in provider.items())
    table += ", request_max_retries = 1, stream_max_retries = 0"
    settings = ["model_provider=scripted", f"model_providers.scripted={{{table}}}"]
    words = [word for setting in settings for word in ("-c", setting)]
    return AgentSetup({}, {"CODEX_API_KEY": key}, {"model": "gpt-5.5", "arguments": words})


def _opencode(url: str, key: str) -> AgentSetup:
    model = {"name": "Large", "limit": {"context": 200_000, "output": 8_000}}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Scripted",
        "options": {"baseURL": f"{url}/v1", "apiKey": "{env:SCRIPTED_API_KEY}"},
        "models": {"large": model},
    }
    settings = {"share": "disabled", **dict.fromkeys(("model", "small_model"), "scripted/large")}
    settings |= {"provider": {"scripted": provider}}
    variables = {
        "OPENCODE_CONFIG_CONTENT": json.dumps(settings),
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    }
    return AgentSetup(variables, {"SCRIPTED_API_KEY": key}, {"model": "scripted/large"})


def _gemini(url: str, key: str) -> AgentSetup:
    return AgentSetup(
        {"GOOGLE_GEMINI_BASE_URL": url}, {"GEMINI_API_KEY": key}, {"model": "gemini-2.5-pro"}
    )


def _aider(url: str, key: str) -> AgentSetup:
    options = {"model": "openai/large", "arguments": AIDERS}
    return AgentSetup({"OPENAI_API_BASE": f"{url}/v1"}, {"OPENAI_API_KEY": key}, options)


_SETUPS = {
    AIDER.name: _aider,
    CLAUDE.name: _claude,
    CODEX.name: _codex,
    OPENCODE.name: _opencode,
    GEMINI.name: _gemini,
}
