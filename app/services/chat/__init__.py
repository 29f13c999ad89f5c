"""Chat: actions there have the same effect as in the API, with the same rights.

`events` checks a platform's events and stores them; `event_handler` carries them out, and replies.
"""

from app.services.chat.event_handler import process_due_events, process_event

__all__ = ["process_due_events", "process_event"]
