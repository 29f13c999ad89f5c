"""The reason an agent gives for its failure."""

from dataclasses import dataclass

from app.domain.task import FailureCode

MAX_MESSAGE = 2000  # characters of the agent's text

_CODES = {
    "auth": FailureCode.AGENT_UNAUTHORIZED,
    "rate_limit": FailureCode.AGENT_RATE_LIMITED,
    "quota": FailureCode.AGENT_QUOTA,
    "overloaded": FailureCode.AGENT_OVERLOADED,
}


@dataclass(frozen=True)
class AgentFailure:
    """The fields of `muster.protocol.frames.AgentFailure`."""

    kind: str
    message: str

    @property
    def code(self) -> FailureCode:
        """The task's failure code."""
        return _CODES.get(self.kind, FailureCode.STAGE_FAILED)

    def format_message(self, after: str) -> str:
        """Return our message followed by the agent's text."""
        return f"{after}: {self.message[:MAX_MESSAGE]}" if self.message else after
