"""A promise that was not kept."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """`rule` is the rule's name, `evidence` what shows it."""

    rule: str
    task_id: int
    evidence: str

    def __str__(self) -> str:
        whose = f"task {self.task_id}: " if self.task_id else ""
        return f"{self.rule}: {whose}{self.evidence}"
