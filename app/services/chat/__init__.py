"""Chat: what people do there has the same effect as in the API, with the same rights.

`inbox` checks a platform's events and stores them; `work` carries them out, and replies.
"""

from app.services.chat.event_handler import catch_up, work

__all__ = ["catch_up", "work"]
