"""Your own account."""

from collections.abc import Mapping
from typing import Any

from app.api.auth import cookies
from app.api.blueprint import Blueprint
from app.api.guards import current_developer, current_login, current_login_or_none
from app.api.login_limits import reauthentication_limit
from app.api.problems import problems
from app.api.schemas.auth import NewTokensSchema
from app.api.schemas.budget import MonthBudgetSchema
from app.api.schemas.profile import (
    ChatTokenSchema,
    PasswordChange,
    ProfileChanges,
    ProfileSchema,
)
from app.domain.errors import ReauthenticationRequired, TooManyAttempts
from app.services.accounts import profile
from app.services.accounts.profile import Profile
from app.services.chat import account_links as chat_accounts
from app.services.chat.account_links import NewChatToken
from app.services.clock import now
from app.services.usage import budgets

blp = Blueprint("profile", __name__, url_prefix="/api/web/profile", description="Your account")


@blp.get("")
@blp.response(200, ProfileSchema)
def get_profile() -> Profile:
    """Get your account."""
    return profile.get(current_developer(), current_login_or_none())


@blp.put("")
@blp.arguments(ProfileChanges)
@blp.response(200, ProfileSchema)
def update_profile(body: dict[str, str]) -> Profile:
    """Change the author of your tasks' commits."""
    return profile.update(current_developer(), current_login_or_none(), **body)


@blp.get("/budget")
@blp.response(200, MonthBudgetSchema)
def get_budget() -> Mapping[str, Any]:
    """Get your budget of this month, and how much of it your tasks have used."""
    return budgets.developer_budget(current_developer(), now())


@blp.post("/chat-token")
@blp.response(201, ChatTokenSchema)
@problems(blp, ReauthenticationRequired)
def create_chat_token() -> NewChatToken:
    """Create a token that links your chat account: send `bind TOKEN` to a bot.

    It works once, for ten minutes, and replaces an earlier one. Requires a sign-in or
    reauthentication within the last ten minutes. Not with a personal access token.
    """
    return chat_accounts.make_token(current_developer(), current_login())


@blp.put("/password")
@blp.arguments(PasswordChange)
@blp.response(200, NewTokensSchema)
@problems(blp, TooManyAttempts)
def change_password(body: dict[str, str]) -> dict[str, str | None]:
    """Change your password.

    All your sessions end; the response starts a new one, in the cookie if your browser's session
    was in it.
    """
    developer, login = current_developer(), current_login()
    is_browsers = cookies.has_login(login)
    pair = profile.change_password(developer, login, reauthentication_limit(), **body)
    if not is_browsers:
        return pair._asdict()
    cookies.set_refresh_token(pair.refresh_token)
    return {"access_token": pair.access_token, "refresh_token": None}
