"""Why an agent says that it failed."""

from dataclasses import dataclass

from app.domain.task import FailureCode

MAX_MESSAGE = 2000  # characters of its words

_CODES = {
    "auth": FailureCode.AGENT_UNAUTHORIZED,
    "rate_limit": FailureCode.AGENT_RATE_LIMITED,
    "quota": FailureCode.AGENT_QUOTA,
    "overloaded": FailureCode.AGENT_OVERLOADED,
}


@dataclass(frozen=True)
class AgentFailure:
    """As `muster.protocol.frames.AgentFailure` says it."""

    kind: str
    message: str

    @property
    def code(self) -> FailureCode:
        """The task's."""
        return _CODES.get(self.kind, FailureCode.STAGE_FAILED)

    def format_message(self, after: str) -> str:
        """The agent's words, behind ours."""
        return f"{after}: {self.message[:MAX_MESSAGE]}" if self.message else after
