"""The prompt of a stage that gets a failed check back."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain import send_back
from app.domain.pipeline import Stage
from app.services.tasks import stage_output


def complete(
    row: Any, stages: Sequence[Stage], index: int, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an order's `fields`, with the failure in the prompt if a turn begins with the stage.

    An agent that continues its session gets only that. Costs nothing without such a turn.
    """
    turn = send_back.find_turn(row.turns, index)
    if turn is None:
        return dict(fields)
    failed = stages[turn["stageIndex"]]
    output = stage_output.read_end(row.task_id, turn["attempt"], turn["stageIndex"], turn["logEnd"])
    text = send_back.build_prompt(failed.name, turn["code"], output, send_back.message_of(failed))
    fresh = f"{fields.get('fresh_text') or fields['text']}\n\n{text}"
    opening = f"Sent back: {send_back.describe_turns(stages, row.turns)}"
    return {**fields, "text": text, "fresh_text": fresh, "opening": opening}
