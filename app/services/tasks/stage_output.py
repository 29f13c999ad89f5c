"""The end of a stage's output, for the agent that has to look into it."""

from sqlalchemy import select

from app.domain import send_back
from app.extensions import db
from app.models import LogChunk


def read_end(task_id: int, attempt: int, stage_index: int, log_end: int) -> str:
    """Return the last lines of the stage that ended at that byte of the attempt's log."""
    start = log_end - send_back.READ_BYTES
    query = (
        select(LogChunk.byte_offset, LogChunk.marks, LogChunk.data)
        .where(
            LogChunk.task_id == task_id,
            LogChunk.attempt == attempt,
            LogChunk.byte_offset < log_end,
            LogChunk.byte_offset + LogChunk.size > start,
        )
        .order_by(LogChunk.byte_offset)
    )
    data = b""
    for offset, marks, chunk in db.session.execute(query):
        begins = [mark[0] for mark in marks] + [offset + len(chunk)]
        for mark, begin, end in zip(marks, begins, begins[1:], strict=False):
            part = bytes(chunk)[max(begin, offset) - offset : min(end, log_end) - offset]
            # Another stage's output in between: the stage ran before, in an earlier turn.
            data = data + part if mark[2] == stage_index else b""
    return send_back.end_of_output(data[-send_back.READ_BYTES :])
