"""What is sent or stored, by a name that stays when the code's names change."""

from collections.abc import Callable, Mapping
from typing import Any

from muster.protocol import evidence, frames, terminal
from muster.protocol.frames import reports
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.journal.journal_file import JournalRecord
from muster.worker.limits.limits import StageLimits
from muster.worker.server.credentials import Credentials
from muster.worker.server.enrollment import Registration
from muster.worker.server.token_renewal import Grant
from muster.worker.shim import wire
from muster.worker.shim.wire import Question, ShimState, StageCommand, StageExit
from muster.worker.terminals.screen_model import SavedScreen
from muster.worker.tunnels.tunnels import _Record
from muster.worker.upgrades.choice import ReleaseChoice

KINDS: Mapping[str, Any] = {
    "frame from a machine": frames.FromMachine,
    "frame from the server": frames.FromServer,
    "report": reports.Body,
    "terminal frame from a machine": terminal.FromPtyMachine,
    "terminal frame to a machine": terminal.ToPtyMachine,
    "terminal frame from a viewer": terminal.FromViewer,
    "terminal frame to a viewer": terminal.ToViewer,
    "attempt.json": AttemptState,
    "journal record": JournalRecord,
    "credentials": Credentials,
    "registration": Registration,
    "renewed token": Grant,
    "screen": SavedScreen,
    "tunnel": _Record,
    "release": ReleaseChoice,
    "evidence manifest": evidence.Manifest,
    "evidence signature": evidence.Signature,
}


_END = StageExit(1, "exit", 3, "message", 9, 10, 11, {"session": "s"}, 2)
_LIMITS = StageLimits(1, 2, 3, 4, ["directory"], ["group"])
_PERMISSION = Question(1, 2, 3, "text", [], 4.5, "open", 5, {"tool": "tool", "title": "title"})
SHIM: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Any]] = {
    "shim command": (
        wire.command_fields,
        wire.parse_command,
        StageCommand(
            *(1, ["argv"], {"NAME": "value"}, "/cwd", 2.5, 3, 4, 5, 6, ["secret"], 7.5, ["bwrap"]),
            *(["host"], _LIMITS, 8, True, [9]),
        ),
    ),
    "shim state": (
        wire.state_fields,
        wire.parse_state,
        ShimState(
            *(1, True, (_END,), 2, 3, 4.5, 5, 6),
            *(Question(1, 2, 3, "text", ["choice"], 4.5, "answered"), {"session": "s"}),
        ),
    ),
    "shim command with messages": (
        wire.command_fields,
        wire.parse_command,
        StageCommand(1, ["argv"], {"NAME": "value"}, "/cwd", 2.5, channel=True, messages=True),
    ),
    "shim state with a permission request": (
        wire.state_fields,
        wire.parse_state,
        ShimState(1, True, (), 2, 3, question=_PERMISSION),
    ),
}
"""What a daemon and a shim say to each other, in JSON: how it is written and read, and a sample."""
