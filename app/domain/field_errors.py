"""Field errors: the code that clients switch on, and the text.

This is the only table of both. The texts appear in `errors` of a 422; codes and values in
`errorCodes`. The first group has marshmallow's own texts, by which `app.api.field_errors` finds the
code.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Any, Self


class FieldError(str):
    """An error text for people, with its `code` and the values it contains, `params`.

    It's a string, as marshmallow and JSON expect. Until it's called with its values, it's a
    template with {name} placeholders.
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
        """Fill the template. marshmallow calls this, with more values than there are
        placeholders.
        """
        return self(**values)


class InvalidValue(ValueError):
    """A value is invalid; `error` says why."""

    def __init__(self, fault: FieldError) -> None:
        super().__init__(fault)
        self.error = fault


def placeholders(template: str) -> list[str]:
    """Return the names of a template's placeholders, each once."""
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

MUST_BE_TEXT = FieldError("not_a_string", "must be text")
MUST_BE_INTEGER = FieldError("not_an_integer", "must be an integer")
MUST_BE_NUMBER = FieldError("not_a_number", "must be a number")
MUST_BE_LIST = FieldError("not_a_list", "must be a list")
MUST_BE_WITHIN = FieldError("out_of_range", "must be from {min:,} to {max:,}")
MUST_BE_ONE_OF = FieldError("not_one_of", "must be one of: {choices}")
MUST_HAVE_CHARACTERS = FieldError("wrong_length", "must have {min:,} to {max:,} characters")
MUST_HAVE_FROM = FieldError("wrong_length", "must have from {min:,} to {max:,} characters")
MUST_HAVE_AT_MOST = FieldError("too_long", "must have at most {max:,} characters")
HAS_MORE_THAN = FieldError("too_long", "has more than {max:,} characters")
MUST_BE_TIMESTAMP = FieldError("not_a_timestamp", "must be an RFC 3339 timestamp with an offset")
PAST = FieldError("past", "must be in the future")

# ---- texts ---------------------------------------------------------------------------------------

NO_TEXT = FieldError("not_text", "contains characters that aren't text")
BLANK = FieldError("blank", "must not be blank")
NOT_ONE_LINE = FieldError("not_one_line", "must be one line of text without surrounding spaces")
NOT_PLAIN_TEXT = FieldError("not_plain_text", "isn't plain text")
ANGLE_BRACKETS = FieldError("angle_brackets", "must not contain < or >")
NO_EMAIL = FieldError("not_an_email", "must be an email address")
NO_PLATFORM_UID = FieldError(
    "not_a_platform_uid", "must be slack: or lark: followed by the account ID there"
)
NO_VARIABLE_NAME = FieldError(
    "not_a_variable_name",
    "must be the name of an environment variable that doesn't start with MUSTER_",
)
NO_QUERY = FieldError("not_a_query", "must be a URL's query string")
NO_COMMA_LIST = FieldError("not_a_comma_list", "must be a comma-separated list of: {choices}")
NO_IDS = FieldError("not_ids", "must be up to {max} comma-separated numbers")(max=200)
NO_CURSOR = FieldError("not_a_cursor", "isn't a cursor of this list")
NO_CURSOR_OF_ATTEMPT = FieldError("not_a_cursor", "isn't a cursor of this attempt")
SHORT_SECRET = FieldError(
    "short_secret",
    "must have at least {min} characters without surrounding spaces: masking a shorter one "
    "would hide unrelated text in logs and make it guessable",
)

# ---- repositories and branches -------------------------------------------------------------------

NO_REPOSITORY = FieldError(
    "not_a_repository", "must be an https, http, ssh, git or file URL, or user@host:path"
)
URL_WITH_LOGIN = FieldError(
    "url_with_login", "must not contain a user or password; set gitToken instead"
)
NO_BRANCH = FieldError("not_a_branch", "isn't a valid git branch name")
ID_NOT_ONCE = FieldError("id_not_once", "must contain {{id}} once")
NO_BRANCH_TEMPLATE = FieldError(
    "not_a_branch_template", "must be a valid git branch name without other braces"
)
BRANCH_OF_ATTEMPTS = FieldError(
    "branch_of_attempts", "is reserved for the attempts' branches (muster/<id>-<n>)"
)
BRANCH_IN_THE_WAY = FieldError(
    "branch_in_the_way", "is, or collides with, the default branch {branch}"
)
LOGIN_LEFT_BEHIND = FieldError(
    "login_left_behind", "repoUrl points to another host: set this again, or null to remove it"
)
KEY_WITH_PASSPHRASE = FieldError(
    "key_with_passphrase", "must not have a passphrase: no one can type it"
)
NO_PRIVATE_KEY = FieldError(
    "not_a_private_key", "must be an Ed25519, ECDSA or RSA key in OpenSSH or PEM format"
)
UNKNOWN_DEPLOY_KEY = FieldError(
    "unknown_deploy_key", "you have no such key, or it's older than an hour: generate another"
)
NO_KNOWN_HOST = FieldError(
    "not_a_known_host", "line {line} must contain host names, a key type and a key"
)

# ---- pipelines, agents, machines and networks ----------------------------------------------------

NO_PROJECT_KEY = FieldError(
    "not_a_project_key", "must be up to 64 of A-Z, a-z, 0-9, - and _, and start with a letter"
)
NO_AGENT_TYPE = FieldError(
    "not_an_agent_type", "must be up to 32 of a-z, 0-9 and -, and start with a letter"
)
NO_LABEL = FieldError(
    "not_a_label",
    "must be up to 63 of A-Z, a-z, 0-9, -, _ and ., and start and end with a letter or a digit",
)
STAGE_COUNT = FieldError("stage_count", "a pipeline has 1 to {max} stages")
STAGE_NAME_TWICE = FieldError("stage_name_twice", "the stage name {name!r} is used twice")
ANSWERERS_NAMED = FieldError(
    "answerers_named", "answerers: developerIds is required with named, and only then"
)
GATE_NEEDED = FieldError("gate_needed", "{field} requires one of confirm, choices and input")
ON_FAILURE_OF_AGENT = FieldError("on_failure_of_agent", "onFailure requires a shell stage")
NOT_AN_EARLIER_AGENT = FieldError(
    "not_an_earlier_agent", "onFailure: {name!r} isn't an agent's stage before this one"
)
GATES_CLASH = FieldError("gates_clash", "only one of confirm, choices and input is allowed")
UNKNOWN_VARIABLE = FieldError("unknown_variable", "{{{name}}} isn't a variable; use {known}")
CHOICE_TWICE = FieldError("choice_twice", "choices must be different")
NOT_CONFIRM_OR_REJECT = FieldError("not_confirm_or_reject", "must be confirm or reject")
NO_SUCH_STAGE = FieldError("no_such_stage", "the pipeline has {stages} stages")
COMMAND_NEEDED = FieldError("command_needed", "the agent “{agent}” requires a command")
COMMAND_NOT_WORDS = FieldError("command_not_words", "can't be split into words: {reason}")
COMMAND_EMPTY = FieldError("command_empty", "is empty")
NO_SUCH_MACHINE = FieldError("no_such_machine", "machine not found")
UNKNOWN_MACHINE = FieldError("unknown_machine", "machine {machine} not found")
DECOMMISSIONED = FieldError("machine_decommissioned", "that machine is decommissioned")
MACHINE_NOT_NAMED = FieldError(
    "machine_not_named", "the project is protected, and that machine isn't on its list"
)
NO_HOST = FieldError(
    "not_a_host",
    "must be a host name, *.name for all its subdomains, an address, or @agent; a port may "
    "follow: git.example.org:22",
)
NO_NETWORK = FieldError("not_a_network", 'must be open, none or {{"allow": [hosts]}}')
TOO_MANY_HOSTS = FieldError("too_many_hosts", "the project already allows {max} hosts")
TOO_MANY_TOOLS = FieldError("too_many_tools", "the project already allows {max} tools")
NOTHING_SUGGESTED = FieldError(
    "nothing_suggested", "needs an agent's suggestion, and the answer allow_for_task"
)
NO_REQUIREMENT = FieldError(
    "not_a_requirement", "“{requirement}” must be name=value, name!=value, name or !name"
)
TOO_MANY_REQUIREMENTS = FieldError("too_many_requirements", "has more than {max} requirements")
TEMPLATE_NAME_TWICE = FieldError("template_name_twice", "each needs a unique name")

# ---- budgets, settings and prices ----------------------------------------------------------------

BUDGET_NOT_ASKED = FieldError(
    "budget_not_asked", "only allowed with continue, the answer to a budget's gate"
)
NO_SUCH_FIGURE = FieldError("no_such_figure", "the budget doesn't limit this")
FIGURE_USED_UP = FieldError("figure_used_up", "is used up too: set how much more")
NO_SETTING = FieldError("not_a_setting", "isn't a setting")
SETTING_PATTERN = FieldError("setting_pattern", "must be: {unit}")
TOO_MANY_PRICES = FieldError("too_many_prices", "must have at most {max:,} prices")
PRICE_NO_OBJECT = FieldError("price_not_an_object", "{row}: must be an object")
PRICE_FIELD = FieldError("price_unknown_field", "{row}: {field} isn't a field of a price")
PRICE_AGENT = FieldError("price_agent", "{row}: agent must be an agent type")
PRICE_MODEL = FieldError("price_model", "{row}: model must be text of 1 to {max} characters")
PRICE_NO_NUMBER = FieldError("price_not_a_number", "{row}: {field} must be a number")
PRICE_RANGE = FieldError("price_out_of_range", "{row}: {field} must be from 0 to {max:,}")

# ---- reviews and diffs ---------------------------------------------------------------------------

NO_COMMIT = FieldError("not_a_commit", "isn't a commit")
NO_SUCH_COMMIT = FieldError("no_such_commit", "the task has no such commit")
NO_SUCH_REVIEW = FieldError("no_such_review", "the task has no such review")
FILE_NOT_CHANGED = FieldError("file_not_changed", "isn't a file that the task changed")
OTHER_BLOB = FieldError("other_blob", "doesn't belong to that file")
LINE_NOT_SEEN = FieldError("line_not_seen", "that part of the file can't be viewed")
LINE_BEYOND_END = FieldError("line_beyond_end", "the file has {lines} lines there")
TOO_MANY_LINES = FieldError("too_many_lines", "a comment covers at most {max} lines")
NOTHING_WITHOUT = FieldError("nothing_without", "requires {field}")
POSITION_IS_FIXED = FieldError("position_is_fixed", "can't be changed on an existing thread")
THREAD_IS_DRAFT = FieldError("thread_is_draft", "the thread is a draft: submit a review")
REVIEW_EMPTY = FieldError("review_empty", "add a summary or a comment")
NO_PATCH = FieldError("not_a_patch", "that patch wouldn't apply")

# ---- images --------------------------------------------------------------------------------------

NOT_AN_IMAGE = FieldError("not_an_image", "must be a complete PNG, JPEG or WebP image")
IMAGE_ANIMATED = FieldError("image_animated", "must not be animated")
IMAGE_SIDES = FieldError("image_sides", "must have 1 to {max:,} pixels in each direction")
NO_SUCH_IMAGE = FieldError(
    "no_such_image", "isn't an unused image that you uploaded to this project"
)
TOO_MANY_OF_TASK = FieldError("too_many_of_task", "a task has at most {max} images")

# ---- people, their ways in, and chat -------------------------------------------------------------

NO_SUCH_DEVELOPER = FieldError("no_such_developer", "developer not found")
NO_SUCH_PROJECT = FieldError("no_such_project", "project not found, or you don't have access")
UNKNOWN_PROJECT = FieldError("unknown_project", "project {project!r} not found")
NO_SUCH_PROVIDER = FieldError("no_such_provider", "provider not found")
NO_PROVIDER_NAME = FieldError(
    "not_a_provider_name", "must be a-z, 0-9 and -, and start with a letter"
)
OPENID_NEEDED = FieldError("openid_needed", "must include openid")
PROOF_NEEDED = FieldError("proof_needed", "is required, unless you use totpCode or a provider")
PASSWORD_OFF = FieldError("password_off", "can't be used to sign in or confirm")
WRONG_PASSWORD = FieldError("wrong_password", "isn't your password")
WRONG_CODE = FieldError("wrong_code", "is wrong")
SCOPES_CLASH = FieldError("scopes_clash", "admin can't be limited to projects")
LIVES_TOO_LONG = FieldError("lives_too_long", "an admin limits tokens to {days} days")
NO_PATH = FieldError("not_a_path", "must be a path on this server")
NO_LOOPBACK = FieldError("not_loopback", "must be http://127.0.0.1, with a port")
NO_CHALLENGE = FieldError("not_a_challenge", "must be an S256 code challenge")
NO_HTTPS_URL = FieldError("not_an_https_url", "must be an https URL")
NO_APPRISE_URL = FieldError(
    "not_an_apprise_url", "must be an Apprise URL, such as ntfy://host/topic"
)
NOT_USED = FieldError("not_used", "isn't used by {platform}")
NEEDED = FieldError("needed", "is required by {platform}: {what}")
NO_AUDIT_LOG = FieldError("no_audit_log", "works only for webhook bots")
NOT_EITHER = FieldError("not_either", "set either bindingId or platformChatId")


BY_TEMPLATE: Mapping[str, FieldError] = {
    fault.template: fault for fault in list(vars().values()) if isinstance(fault, FieldError)
}
"""All field errors, by their templates."""

CODES = sorted({fault.code for fault in BY_TEMPLATE.values()})
