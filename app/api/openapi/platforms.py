"""The credentials that a bot needs on each platform, which no single field can describe."""

from typing import Any

from app.api.schemas.base import camel_case
from app.domain.chat import CREDENTIALS, BotPlatform, Credential

_FIELDS = ("app_id", "app_secret", "webhook_token", "encrypt_key")


def add_platform_variants(schema: dict[str, Any]) -> None:
    """Add a variant per platform to the schema of new bots, inside `allOf`, which client
    generators ignore.
    """
    schema["allOf"] = [{"anyOf": [_variant(platform) for platform in BotPlatform]}]


def _variant(platform: BotPlatform) -> dict[str, Any]:
    needed = CREDENTIALS[platform]
    names = {name: camel_case(name) for name in needed}
    credentials = ", ".join(f"`{names[name]}` ({its.what})" for name, its in needed.items())
    return {
        "description": f"`{platform}` requires {credentials}",
        "properties": {
            "platform": {"enum": [platform.value]},
            **{camel_case(name): _credential(needed.get(name)) for name in _FIELDS},
            "auditLog": {} if platform is BotPlatform.WEBHOOK else {"enum": [False]},
        },
        "required": [names[name] for name, its in needed.items() if its.needed],
    }


def _credential(credential: Credential | None) -> dict[str, Any]:
    if credential is None:
        return {"enum": [None, ""]}
    if not credential.needed:
        return {}
    schema: dict[str, Any] = {"type": "string", "minLength": 1}
    if credential.shape is not None:
        schema["pattern"] = f"^(?:{credential.shape.pattern})$"
    return schema
