"""What can be wrong with a field: of each fault the code that clients switch on, and its words.

This is the one table of both. The words stand in `errors` of a 422, code and values in
`errorCodes`. The first group is what marshmallow says by itself, in its own words: `app.api.coded`
finds the code by them.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Any, Self


class FieldError(str):
    """Words for people, with the `code` of what they say and the values that are in them, `params`.

    A text, as marshmallow and JSON want messages to be. Until it is called with its values, it is
    a template: {name} in it is a value's place.
    """

    code: str
    template: str
    params: Mapping[str, Any]

    def __new__(cls, code: str, template: str, **values: Any) -> Self:
        names = placeholders(template)
        params = {name: values[name] for name in names if name in values}
        is_filled = len(params) == len(names)
        fault = super().__new__(cls, template.format(**params) if is_filled else template)
        fault.code, fault.template, fault.params = code, template, params
        return fault

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]:  # for copies
        return (self.code, self.template), dict(self.params)

    def __call__(self, **values: Any) -> "FieldError":
        return FieldError(self.code, self.template, **{**self.params, **values})

    def format(self, *_: object, **values: Any) -> "FieldError":
        """As marshmallow asks for it, with more values than the words have places for."""
        return self(**values)


class InvalidValue(ValueError):
    """A value is not what it has to be; `fault` says why."""

    def __init__(self, fault: FieldError) -> None:
        super().__init__(fault)
        self.error = fault


def placeholders(template: str) -> list[str]:
    """The values that the words of a fault have places for, each once."""
    return list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name))


# ---- any field, in marshmallow's words -----------------------------------------------------------

REQUIRED = FieldError("required", "Missing data for required field.")
NULL = FieldError("null", "Field may not be null.")
INVALID = FieldError("invalid", "Invalid value.")
UNKNOWN_FIELD = FieldError("unknown_field", "Unknown field.")
NO_OBJECT = FieldError("not_an_object", "Invalid input type.")
NO_OBJECT_INSIDE = FieldError("not_an_object", "Invalid type.")
NO_MAPPING = FieldError("not_an_object", "Not a valid mapping type.")
NO_LIST = FieldError("not_a_list", "Not a valid list.")
NO_STRING = FieldError("not_a_string", "Not a valid string.")
NO_UTF8 = FieldError("not_text", "Not a valid utf-8 string.")
NO_BOOLEAN = FieldError("not_a_boolean", "Not a valid boolean.")
NO_INTEGER = FieldError("not_an_integer", "Not a valid integer.")
NO_NUMBER = FieldError("not_a_number", "Not a valid number.")
TOO_LARGE_A_NUMBER = FieldError("not_a_number", "Number too large.")
SPECIAL_NUMBER = FieldError(
    "not_a_number", "Special numeric values (nan or infinity) are not permitted."
)
NO_UUID = FieldError("not_a_uuid", "Not a valid UUID.")
NO_TIMESTAMP = FieldError("not_a_timestamp", "Not a valid datetime.")
NO_AWARE_TIMESTAMP = FieldError("not_a_timestamp", "Not a valid aware datetime.")
NO_DATE = FieldError("not_a_date", "Not a valid date.")
TOO_SHORT = FieldError("too_short", "Shorter than minimum length {min}.")
TOO_LONG = FieldError("too_long", "Longer than maximum length {max}.")
WRONG_LENGTH = FieldError("wrong_length", "Length must be between {min} and {max}.")
TOO_SMALL = FieldError("too_small", "Must be greater than or equal to {min}.")
TOO_LARGE = FieldError("too_large", "Must be less than or equal to {max}.")
OUT_OF_RANGE = FieldError(
    "out_of_range", "Must be greater than or equal to {min} and less than or equal to {max}."
)
NOT_ABOVE = FieldError("not_above", "Must be greater than {min} and less than or equal to {max}.")
NOT_ONE_OF = FieldError("not_one_of", "Must be one of: {choices}.")
BAD_PATTERN = FieldError("bad_pattern", "String does not match expected pattern.")

# ---- any field, in ours --------------------------------------------------------------------------

MUST_BE_TEXT = FieldError("not_a_string", "must be a text")
MUST_BE_INTEGER = FieldError("not_an_integer", "must be a whole number")
MUST_BE_NUMBER = FieldError("not_a_number", "must be a number")
MUST_BE_LIST = FieldError("not_a_list", "must be a list")
MUST_BE_WITHIN = FieldError("out_of_range", "must be from {min:,} to {max:,}")
MUST_BE_ONE_OF = FieldError("not_one_of", "must be one of: {choices}")
MUST_HAVE_CHARACTERS = FieldError("wrong_length", "must have {min:,} to {max:,} characters")
MUST_HAVE_FROM = FieldError("wrong_length", "must have from {min:,} to {max:,} characters")
MUST_HAVE_AT_MOST = FieldError("too_long", "must have at most {max:,} characters")
HAS_MORE_THAN = FieldError("too_long", "has more than {max:,} characters")
MUST_BE_TIMESTAMP = FieldError(
    "not_a_timestamp", "must be a moment as RFC 3339 writes it, with its offset"
)
PAST = FieldError("past", "must lie in the future")

# ---- texts ---------------------------------------------------------------------------------------

NO_TEXT = FieldError("not_text", "holds characters that are no text")
BLANK = FieldError("blank", "must not be blank")
NOT_ONE_LINE = FieldError("not_one_line", "must be one line of text, without space around it")
NOT_PLAIN_TEXT = FieldError("not_plain_text", "is not plain text")
ANGLE_BRACKETS = FieldError("angle_brackets", "must not contain < or >")
NO_EMAIL = FieldError("not_an_email", "must be an e-mail address")
NO_PLATFORM_UID = FieldError(
    "not_a_platform_uid", "must be slack: or lark: and the account's id there"
)
NO_VARIABLE_NAME = FieldError(
    "not_a_variable_name",
    "must be the name of an environment variable that does not begin with MUSTER_",
)
NO_QUERY = FieldError("not_a_query", "must be the query of a URL")
NO_COMMA_LIST = FieldError("not_a_comma_list", "must be a comma list of: {choices}")
NO_IDS = FieldError("not_ids", "must be up to {max} numbers between commas")(max=200)
NO_CURSOR = FieldError("not_a_cursor", "is not a cursor of this list")
NO_CURSOR_OF_ATTEMPT = FieldError("not_a_cursor", "is not a cursor of this attempt")
SHORT_SECRET = FieldError(
    "short_secret",
    "must have at least {min} characters, without space around: a shorter "
    "one, masked in logs, would hide other words, and could be guessed from that",
)

# ---- repositories and branches -------------------------------------------------------------------

NO_REPOSITORY = FieldError(
    "not_a_repository", "must be an https, http, ssh, git or file URL, or user@host:path"
)
URL_WITH_LOGIN = FieldError(
    "url_with_login", "must not contain a user or password; set gitToken instead"
)
NO_BRANCH = FieldError("not_a_branch", "is not a name that git allows for a branch")
ID_NOT_ONCE = FieldError("id_not_once", "must contain {{id}} once")
NO_BRANCH_TEMPLATE = FieldError(
    "not_a_branch_template", "must be a name that git takes for a branch, with no other braces"
)
BRANCH_OF_ATTEMPTS = FieldError(
    "branch_of_attempts", "is where the attempts' own branches lie (muster/<id>-<n>)"
)
BRANCH_IN_THE_WAY = FieldError(
    "branch_in_the_way", "is, or stands in the way of, the default branch {branch}"
)
LOGIN_LEFT_BEHIND = FieldError(
    "login_left_behind", "repoUrl leads to another host: give it anew, or null for none"
)
KEY_WITH_PASSPHRASE = FieldError(
    "key_with_passphrase", "must not have a passphrase: no one is there to type it"
)
NO_PRIVATE_KEY = FieldError(
    "not_a_private_key", "must be an Ed25519, ECDSA or RSA key, in OpenSSH's form or PEM"
)
NO_KNOWN_HOST = FieldError(
    "not_a_known_host", "line {line} must name hosts, a type of key and a key"
)

# ---- pipelines, agents, machines and networks ----------------------------------------------------

NO_PROJECT_KEY = FieldError(
    "not_a_project_key", "must be up to 64 of A-Z, a-z, 0-9, - and _, and begin with a letter"
)
NO_AGENT_TYPE = FieldError(
    "not_an_agent_type", "must be up to 32 of a-z, 0-9 and -, and begin with a letter"
)
NO_LABEL = FieldError(
    "not_a_label",
    "must be up to 63 of A-Z, a-z, 0-9, -, _ and ., and begin and end with a letter or a digit",
)
STAGE_COUNT = FieldError("stage_count", "a pipeline has 1 to {max} stages")
STAGE_NAME_TWICE = FieldError("stage_name_twice", "a second stage is named {name!r}")
GATE_NEEDED = FieldError("gate_needed", "{field} needs one of confirm, choices and input")
GATES_CLASH = FieldError("gates_clash", "at most one of confirm, choices and input may be given")
UNKNOWN_VARIABLE = FieldError("unknown_variable", "{{{name}}} is not a variable; there are {known}")
CHOICE_TWICE = FieldError("choice_twice", "choices must differ from each other")
NOT_CONFIRM_OR_REJECT = FieldError("not_confirm_or_reject", "must be confirm or reject")
NO_SUCH_STAGE = FieldError("no_such_stage", "the pipeline has {stages} stages")
COMMAND_NEEDED = FieldError("command_needed", "the agent “{agent}” needs a command")
COMMAND_NOT_WORDS = FieldError("command_not_words", "cannot be split into words: {reason}")
COMMAND_EMPTY = FieldError("command_empty", "has no words")
NO_SUCH_MACHINE = FieldError("no_such_machine", "there is no such machine")
UNKNOWN_MACHINE = FieldError("unknown_machine", "there is no machine {machine}")
DECOMMISSIONED = FieldError("machine_decommissioned", "that machine has been decommissioned")
MACHINE_NOT_NAMED = FieldError(
    "machine_not_named", "the project is protected, and that machine not named"
)
NO_HOST = FieldError(
    "not_a_host",
    "must be a host name, *.name for all names below it, an address, or @agent; "
    "a port may follow: git.example.org:22",
)
NO_NETWORK = FieldError("not_a_network", 'must be open, none or {{"allow": [hosts]}}')
TOO_MANY_HOSTS = FieldError("too_many_hosts", "the project allows {max} hosts already")
NO_REQUIREMENT = FieldError(
    "not_a_requirement", "“{requirement}” is none of name=value, name!=value, name and !name"
)
TOO_MANY_REQUIREMENTS = FieldError("too_many_requirements", "has more than {max} requirements")
TEMPLATE_NAME_TWICE = FieldError("template_name_twice", "each has a name of its own")

# ---- budgets, settings and prices ----------------------------------------------------------------

BUDGET_NOT_ASKED = FieldError(
    "budget_not_asked", "only with continue, the answer to a budget's gate"
)
NO_SUCH_FIGURE = FieldError("no_such_figure", "the budget has no such figure")
FIGURE_USED_UP = FieldError("figure_used_up", "is used up too: say how much more")
NO_SETTING = FieldError("not_a_setting", "is not a setting")
SETTING_PATTERN = FieldError("setting_pattern", "is not what is wanted: {unit}")
TOO_MANY_PRICES = FieldError("too_many_prices", "must have at most {max:,} prices")
PRICE_NO_OBJECT = FieldError("price_not_an_object", "{row}: must be an object")
PRICE_FIELD = FieldError("price_unknown_field", "{row}: {field} is not a field of a price")
PRICE_AGENT = FieldError("price_agent", "{row}: agent must be an agent's type")
PRICE_MODEL = FieldError("price_model", "{row}: model must be a text of 1 to {max} characters")
PRICE_NO_NUMBER = FieldError("price_not_a_number", "{row}: {field} must be a number")
PRICE_RANGE = FieldError("price_out_of_range", "{row}: {field} must be from 0 to {max:,}")

# ---- reviews and diffs ---------------------------------------------------------------------------

NO_COMMIT = FieldError("not_a_commit", "is no commit")
NO_SUCH_COMMIT = FieldError("no_such_commit", "the task has no such commit")
NO_SUCH_REVIEW = FieldError("no_such_review", "the task has no such review")
FILE_NOT_CHANGED = FieldError("file_not_changed", "is no file that the task has changed")
OTHER_BLOB = FieldError("other_blob", "is not that file's")
LINE_NOT_SEEN = FieldError("line_not_seen", "nothing of the file can be seen there")
LINE_BEYOND_END = FieldError("line_beyond_end", "the file has {lines} lines there")
TOO_MANY_LINES = FieldError("too_many_lines", "a comment is about {max} lines at most")
NOTHING_WITHOUT = FieldError("nothing_without", "says nothing without a {field}")
POSITION_IS_FIXED = FieldError("position_is_fixed", "the thread has its place")
THREAD_IS_DRAFT = FieldError("thread_is_draft", "the thread is a draft: submit a review")
REVIEW_EMPTY = FieldError("review_empty", "a review without comments has to say something")
NO_PATCH = FieldError("not_a_patch", "such a patch would not apply")

# ---- people, their ways in, and chat -------------------------------------------------------------

NO_SUCH_DEVELOPER = FieldError("no_such_developer", "there is no such developer")
NO_SUCH_PROJECT = FieldError("no_such_project", "There is nothing here that you may see.")
UNKNOWN_PROJECT = FieldError("unknown_project", "there is no project {project!r}")
NO_SUCH_PROVIDER = FieldError("no_such_provider", "there is no such provider")
NO_PROVIDER_NAME = FieldError(
    "not_a_provider_name", "must be a-z, 0-9 and -, and begin with a letter"
)
OPENID_NEEDED = FieldError("openid_needed", "must have openid among them")
PROOF_NEEDED = FieldError("proof_needed", "is needed, or totpCode, or a provider")
PASSWORD_OFF = FieldError("password_off", "does not sign in here, nor confirm")
WRONG_PASSWORD = FieldError("wrong_password", "is not your password")
WRONG_CODE = FieldError("wrong_code", "is wrong")
SCOPES_CLASH = FieldError("scopes_clash", "admin is beyond projects: not with projects")
LIVES_TOO_LONG = FieldError("lives_too_long", "an admin lets tokens live for {days} days at most")
NO_PATH = FieldError("not_a_path", "must be a path of this server")
NO_LOOPBACK = FieldError("not_loopback", "must be http://127.0.0.1, with a port")
NO_CHALLENGE = FieldError("not_a_challenge", "must be what S256 makes of a verifier")
NO_HTTPS_URL = FieldError("not_an_https_url", "must be an https URL")
NO_APPRISE_URL = FieldError(
    "not_an_apprise_url", "must be an Apprise URL, such as ntfy://host/topic"
)
NOT_USED = FieldError("not_used", "is not used by {platform}")
NEEDED = FieldError("needed", "is needed by {platform}: {what}")
NO_AUDIT_LOG = FieldError("no_audit_log", "is told to bots of the platform webhook alone")
NOT_EITHER = FieldError("not_either", "give either bindingId or platformChatId")


BY_TEMPLATE: Mapping[str, FieldError] = {
    fault.template: fault for fault in list(vars().values()) if isinstance(fault, FieldError)
}
"""All faults, by their words with the places for values."""

CODES = sorted({fault.code for fault in BY_TEMPLATE.values()})
