"""Rules for git repository URLs and branch names.

Both become git arguments on machines. A leading dash, and transports that run commands (`ext::`),
are rejected here, and by git again there. Machines have their own rules for `file:` URLs.
"""

import re

from marshmallow import ValidationError

from app.api.schemas.texts import VISIBLE, is_visible
from app.domain import field_errors

_URL = re.compile(
    r"(?:https?|ssh|git)://(?:(?P<user>[^\s/@]+)@)?(?![-.])[\w.\-\[\]:]+(?:/[^\s]*)?"
    r"|file:///[^\s]*",
)
# user@host:path, as in scp; `host::…` would name a transport helper, and `file:` isn't a host.
_SCP_LIKE = re.compile(r"(?!(?i:file):)(?:\w[\w.-]*@)?\w[\w.-]*:(?![:-])[^\s]+")
# git-check-ref-format(1), rules 1 to 10.
_NOT_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)")

# The same rules for the OpenAPI document, in one pattern each.
_HOST_AND_PATH = r"(?![-.])[\w.\-\[\]:]+(/\S*)?"
REPO_URL = (
    rf"^(?={VISIBLE}*$)(https?://{_HOST_AND_PATH}|(ssh|git)://([^\s/@:]+@)?{_HOST_AND_PATH}"
    r"|file:///\S*|(?!.*://)(?![Ff][Ii][Ll][Ee]:)(\w[\w.-]*@)?\w[\w.-]*:(?![:-])\S+)$"
)
BRANCH_NAME = (
    r"^(?![-./])(?!@$)(?!.*(\.\.|@\{|//|/\.|\.lock(/|$)|[/.]$))[^\x00-\x20\x7f~^:?*\[\\]+$"
)


def check_repo_url(url: str) -> None:
    """Raise ValidationError if the text isn't a repository URL."""
    found = _URL.fullmatch(url)
    is_address = found or ("://" not in url and _SCP_LIKE.fullmatch(url))
    if not is_address or not is_visible(url):
        raise ValidationError(field_errors.NO_REPOSITORY)
    user = found["user"] or "" if found is not None else ""
    if ":" in user or (user and url.lower().startswith(("http:", "https:"))):
        # Over http, the user part is often a token, and everyone who sees the project would see it.
        raise ValidationError(field_errors.URL_WITH_LOGIN)


def check_branch_name(name: str) -> None:
    """Raise ValidationError if git doesn't allow the branch name."""
    bad_ends = name.startswith(("-", ".", "/")) or name.endswith(("/", "."))
    if bad_ends or name == "@" or _NOT_IN_REF.search(name):
        raise ValidationError(field_errors.NO_BRANCH)
