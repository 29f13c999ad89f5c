"""Orders to a working agent, as frames."""

from app.services.machines.orders import DesiredAction, DesiredState
from app.services.tasks import interrupts, message_queue, questions
from muster.protocol import frames


def build_frame(order: DesiredState) -> frames.Answer | frames.AgentMessage | frames.Interrupt:
    """Return the frame for an answer, a message or an interrupt."""
    match order.action:
        case DesiredAction.MESSAGE:
            return message_queue.build_order(order.row, order.number)
        case DesiredAction.INTERRUPT:
            return interrupts.build_order(order.row)
    return questions.build_order(order.task_id, order.attempt, order.row.question)
