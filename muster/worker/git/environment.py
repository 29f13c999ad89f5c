"""The environment of a git process."""

import os
from collections.abc import Mapping

PROTOCOLS = "file"
"""The protocol between a mirror and its workspaces; a `Remote` sets another (`git_environment`)."""

SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "commit.gpgSign": "false",
    "push.gpgSign": "false",
    "gc.auto": "0",
    # It names commits for a while after they were pruned, also for users of the objects.
    "gc.writeCommitGraph": "false",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "push.recurseSubmodules": "no",
    "transfer.bundleURI": "false",
    "protocol.ext.allow": "never",
    # Files that an agent committed must not use up the machine's memory in the daemon's git.
    "core.bigFileThreshold": "64m",
    "pack.windowMemory": "256m",  # per thread
    "pack.threads": "2",
}


def build_environment(
    extra: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the complete environment of a git process; of ours it only has PATH."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "GIT_ALLOW_PROTOCOL": PROTOCOLS,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        # We read and write loose refs where that saves a process.
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_EDITOR": ":",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0",
        **_settings_variables({**SETTINGS, **(settings or {})}),
        **(extra or {}),
    }


def _settings_variables(settings: Mapping[str, str]) -> dict[str, str]:
    pairs = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        pairs[f"GIT_CONFIG_KEY_{number}"] = name
        pairs[f"GIT_CONFIG_VALUE_{number}"] = value
    return pairs
