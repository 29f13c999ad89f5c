"""Chat: what people do there has the same effect as in the API, with the same rights.

`inbox` believes a platform and stores what it tells; `work` has it take effect, and answers.
"""

from app.services.chat.work import catch_up, work

__all__ = ["catch_up", "work"]
