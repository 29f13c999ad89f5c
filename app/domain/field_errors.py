"""What can be wrong with a field: of each fault the code that clients switch on, and its words.

This is the one table of both. The words stand in `errors` of a 422, code and values in
`errorCodes`. The first group is what marshmallow says by itself, in its own words: `app.api.coded`
finds the code by them.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Any, Self


class Fault(str):
    """Words for people, with the `code` of what they say and the values that are in them, `params`.

    A text, as marshmallow and JSON want messages to be. Until it is called with its values, it is
    a template: {name} in it is a value's place.
    """

    code: str
    template: str
    params: Mapping[str, Any]

    def __new__(cls, code: str, template: str, **values: Any) -> Self:
        names = names_in(template)
        params = {name: values[name] for name in names if name in values}
        is_filled = len(params) == len(names)
        fault = super().__new__(cls, template.format(**params) if is_filled else template)
        fault.code, fault.template, fault.params = code, template, params
        return fault

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]:  # for copies
        return (self.code, self.template), dict(self.params)

    def __call__(self, **values: Any) -> "Fault":
        return Fault(self.code, self.template, **{**self.params, **values})

    def format(self, *_: object, **values: Any) -> "Fault":
        """As marshmallow asks for it, with more values than the words have places for."""
        return self(**values)


class Faulty(ValueError):
    """A value is not what it has to be; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def names_in(template: str) -> list[str]:
    """The values that the words of a fault have places for, each once."""
    return list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name))


# ---- any field, in marshmallow's words -----------------------------------------------------------

REQUIRED = Fault("required", "Missing data for required field.")
NULL = Fault("null", "Field may not be null.")
INVALID = Fault("invalid", "Invalid value.")
UNKNOWN_FIELD = Fault("unknown_field", "Unknown field.")
NO_OBJECT = Fault("not_an_object", "Invalid input type.")
NO_OBJECT_INSIDE = Fault("not_an_object", "Invalid type.")
NO_MAPPING = Fault("not_an_object", "Not a valid mapping type.")
NO_LIST = Fault("not_a_list", "Not a valid list.")
NO_STRING = Fault("not_a_string", "Not a valid string.")
NO_UTF8 = Fault("not_text", "Not a valid utf-8 string.")
NO_BOOLEAN = Fault("not_a_boolean", "Not a valid boolean.")
NO_INTEGER = Fault("not_an_integer", "Not a valid integer.")
NO_NUMBER = Fault("not_a_number", "Not a valid number.")
TOO_LARGE_A_NUMBER = Fault("not_a_number", "Number too large.")
SPECIAL_NUMBER = Fault(
    "not_a_number", "Special numeric values (nan or infinity) are not permitted."
)
NO_UUID = Fault("not_a_uuid", "Not a valid UUID.")
NO_MOMENT = Fault("not_a_moment", "Not a valid datetime.")
NO_AWARE_MOMENT = Fault("not_a_moment", "Not a valid aware datetime.")
NO_DATE = Fault("not_a_date", "Not a valid date.")
TOO_SHORT = Fault("too_short", "Shorter than minimum length {min}.")
TOO_LONG = Fault("too_long", "Longer than maximum length {max}.")
WRONG_LENGTH = Fault("wrong_length", "Length must be between {min} and {max}.")
TOO_SMALL = Fault("too_small", "Must be greater than or equal to {min}.")
TOO_LARGE = Fault("too_large", "Must be less than or equal to {max}.")
OUT_OF_RANGE = Fault(
    "out_of_range", "Must be greater than or equal to {min} and less than or equal to {max}."
)
NOT_ABOVE = Fault("not_above", "Must be greater than {min} and less than or equal to {max}.")
NOT_ONE_OF = Fault("not_one_of", "Must be one of: {choices}.")
BAD_PATTERN = Fault("bad_pattern", "String does not match expected pattern.")

# ---- any field, in ours --------------------------------------------------------------------------

MUST_BE_TEXT = Fault("not_a_string", "must be a text")
MUST_BE_WHOLE = Fault("not_an_integer", "must be a whole number")
MUST_BE_NUMBER = Fault("not_a_number", "must be a number")
MUST_BE_LIST = Fault("not_a_list", "must be a list")
MUST_BE_WITHIN = Fault("out_of_range", "must be from {min:,} to {max:,}")
MUST_BE_ONE_OF = Fault("not_one_of", "must be one of: {choices}")
MUST_HAVE_CHARACTERS = Fault("wrong_length", "must have {min:,} to {max:,} characters")
MUST_HAVE_FROM = Fault("wrong_length", "must have from {min:,} to {max:,} characters")
MUST_HAVE_AT_MOST = Fault("too_long", "must have at most {max:,} characters")
HAS_MORE_THAN = Fault("too_long", "has more than {max:,} characters")
MUST_BE_MOMENT = Fault("not_a_moment", "must be a moment as RFC 3339 writes it, with its offset")
PAST = Fault("past", "must lie in the future")

# ---- texts ---------------------------------------------------------------------------------------

NO_TEXT = Fault("not_text", "holds characters that are no text")
BLANK = Fault("blank", "must not be blank")
NOT_ONE_LINE = Fault("not_one_line", "must be one line of text, without space around it")
NOT_PLAIN_TEXT = Fault("not_plain_text", "is not plain text")
ANGLE_BRACKETS = Fault("angle_brackets", "must not contain < or >")
NO_EMAIL = Fault("not_an_email", "must be an e-mail address")
NO_PLATFORM_UID = Fault("not_a_platform_uid", "must be slack: or lark: and the account's id there")
NO_VARIABLE_NAME = Fault(
    "not_a_variable_name",
    "must be the name of an environment variable that does not begin with MUSTER_",
)
NO_QUERY = Fault("not_a_query", "must be the query of a URL")
NO_COMMA_LIST = Fault("not_a_comma_list", "must be a comma list of: {choices}")
NO_IDS = Fault("not_ids", "must be up to {max} numbers between commas")(max=200)
NO_CURSOR = Fault("not_a_cursor", "is not a cursor of this list")
NO_CURSOR_OF_ATTEMPT = Fault("not_a_cursor", "is not a cursor of this attempt")
SHORT_SECRET = Fault(
    "short_secret",
    "must have at least {min} characters, without space around: a shorter "
    "one, masked in logs, would hide other words, and could be guessed from that",
)

# ---- repositories and branches -------------------------------------------------------------------

NO_REPOSITORY = Fault(
    "not_a_repository", "must be an https, http, ssh, git or file URL, or user@host:path"
)
URL_WITH_LOGIN = Fault(
    "url_with_login", "must not contain a user or password; set gitToken instead"
)
NO_BRANCH = Fault("not_a_branch", "is not a name that git allows for a branch")
ID_NOT_ONCE = Fault("id_not_once", "must contain {{id}} once")
NO_BRANCH_TEMPLATE = Fault(
    "not_a_branch_template", "must be a name that git takes for a branch, with no other braces"
)
BRANCH_OF_ATTEMPTS = Fault(
    "branch_of_attempts", "is where the attempts' own branches lie (muster/<id>-<n>)"
)
BRANCH_IN_THE_WAY = Fault(
    "branch_in_the_way", "is, or stands in the way of, the default branch {branch}"
)
LOGIN_LEFT_BEHIND = Fault(
    "login_left_behind", "repoUrl leads to another host: give it anew, or null for none"
)
KEY_WITH_PASSPHRASE = Fault(
    "key_with_passphrase", "must not have a passphrase: no one is there to type it"
)
NO_PRIVATE_KEY = Fault(
    "not_a_private_key", "must be an Ed25519, ECDSA or RSA key, in OpenSSH's form or PEM"
)
NO_KNOWN_HOST = Fault("not_a_known_host", "line {line} must name hosts, a type of key and a key")

# ---- pipelines, agents, machines and networks ----------------------------------------------------

NO_PROJECT_KEY = Fault(
    "not_a_project_key", "must be up to 64 of A-Z, a-z, 0-9, - and _, and begin with a letter"
)
NO_AGENT_TYPE = Fault(
    "not_an_agent_type", "must be up to 32 of a-z, 0-9 and -, and begin with a letter"
)
NO_LABEL = Fault(
    "not_a_label",
    "must be up to 63 of A-Z, a-z, 0-9, -, _ and ., and begin and end with a letter or a digit",
)
STAGE_COUNT = Fault("stage_count", "a pipeline has 1 to {max} stages")
STAGE_NAME_TWICE = Fault("stage_name_twice", "a second stage is named {name!r}")
GATE_NEEDED = Fault("gate_needed", "{field} needs one of confirm, choices and input")
GATES_CLASH = Fault("gates_clash", "at most one of confirm, choices and input may be given")
UNKNOWN_VARIABLE = Fault("unknown_variable", "{{{name}}} is not a variable; there are {known}")
CHOICE_TWICE = Fault("choice_twice", "choices must differ from each other")
NOT_CONFIRM_OR_REJECT = Fault("not_confirm_or_reject", "must be confirm or reject")
NO_SUCH_STAGE = Fault("no_such_stage", "the pipeline has {stages} stages")
COMMAND_NEEDED = Fault("command_needed", "the agent “{agent}” needs a command")
COMMAND_NOT_WORDS = Fault("command_not_words", "cannot be split into words: {reason}")
COMMAND_EMPTY = Fault("command_empty", "has no words")
NO_SUCH_MACHINE = Fault("no_such_machine", "there is no such machine")
UNKNOWN_MACHINE = Fault("unknown_machine", "there is no machine {machine}")
DECOMMISSIONED = Fault("machine_decommissioned", "that machine has been decommissioned")
MACHINE_NOT_NAMED = Fault(
    "machine_not_named", "the project is protected, and that machine not named"
)
NO_HOST = Fault(
    "not_a_host",
    "must be a host name, *.name for all names below it, an address, or @agent; "
    "a port may follow: git.example.org:22",
)
NO_NETWORK = Fault("not_a_network", 'must be open, none or {{"allow": [hosts]}}')
TOO_MANY_HOSTS = Fault("too_many_hosts", "the project allows {max} hosts already")
NO_REQUIREMENT = Fault(
    "not_a_requirement", "“{requirement}” is none of name=value, name!=value, name and !name"
)
TOO_MANY_REQUIREMENTS = Fault("too_many_requirements", "has more than {max} requirements")
TEMPLATE_NAME_TWICE = Fault("template_name_twice", "each has a name of its own")

# ---- budgets, settings and prices ----------------------------------------------------------------

BUDGET_NOT_ASKED = Fault("budget_not_asked", "only with continue, the answer to a budget's gate")
NO_SUCH_FIGURE = Fault("no_such_figure", "the budget has no such figure")
FIGURE_USED_UP = Fault("figure_used_up", "is used up too: say how much more")
NO_SETTING = Fault("not_a_setting", "is not a setting")
SETTING_PATTERN = Fault("setting_pattern", "is not what is wanted: {unit}")
TOO_MANY_PRICES = Fault("too_many_prices", "must have at most {max:,} prices")
PRICE_NO_OBJECT = Fault("price_not_an_object", "{row}: must be an object")
PRICE_FIELD = Fault("price_unknown_field", "{row}: {field} is not a field of a price")
PRICE_AGENT = Fault("price_agent", "{row}: agent must be an agent's type")
PRICE_MODEL = Fault("price_model", "{row}: model must be a text of 1 to {max} characters")
PRICE_NO_NUMBER = Fault("price_not_a_number", "{row}: {field} must be a number")
PRICE_RANGE = Fault("price_out_of_range", "{row}: {field} must be from 0 to {max:,}")

# ---- reviews and diffs ---------------------------------------------------------------------------

NO_COMMIT = Fault("not_a_commit", "is no commit")
NO_SUCH_COMMIT = Fault("no_such_commit", "the task has no such commit")
NO_SUCH_REVIEW = Fault("no_such_review", "the task has no such review")
FILE_NOT_CHANGED = Fault("file_not_changed", "is no file that the task has changed")
OTHER_BLOB = Fault("other_blob", "is not that file's")
LINE_NOT_SEEN = Fault("line_not_seen", "nothing of the file can be seen there")
LINE_BEYOND_END = Fault("line_beyond_end", "the file has {lines} lines there")
TOO_MANY_LINES = Fault("too_many_lines", "a comment is about {max} lines at most")
NOTHING_WITHOUT = Fault("nothing_without", "says nothing without a {field}")
PLACE_IS_FIXED = Fault("place_is_fixed", "the thread has its place")
THREAD_IS_DRAFT = Fault("thread_is_draft", "the thread is a draft: submit a review")
REVIEW_EMPTY = Fault("review_empty", "a review without comments has to say something")
NO_PATCH = Fault("not_a_patch", "such a patch would not apply")

# ---- people, their ways in, and chat -------------------------------------------------------------

NO_SUCH_DEVELOPER = Fault("no_such_developer", "there is no such developer")
NO_SUCH_PROJECT = Fault("no_such_project", "There is nothing here that you may see.")
UNKNOWN_PROJECT = Fault("unknown_project", "there is no project {project!r}")
NO_SUCH_PROVIDER = Fault("no_such_provider", "there is no such provider")
NO_PROVIDER_NAME = Fault("not_a_provider_name", "must be a-z, 0-9 and -, and begin with a letter")
OPENID_NEEDED = Fault("openid_needed", "must have openid among them")
PROOF_NEEDED = Fault("proof_needed", "is needed, or totpCode, or a provider")
PASSWORD_OFF = Fault("password_off", "does not sign in here, nor confirm")
WRONG_PASSWORD = Fault("wrong_password", "is not your password")
WRONG_CODE = Fault("wrong_code", "is wrong")
SCOPES_CLASH = Fault("scopes_clash", "admin is beyond projects: not with projects")
LIVES_TOO_LONG = Fault("lives_too_long", "an admin lets tokens live for {days} days at most")
NO_PATH = Fault("not_a_path", "must be a path of this server")
NO_LOOPBACK = Fault("not_loopback", "must be http://127.0.0.1, with a port")
NO_CHALLENGE = Fault("not_a_challenge", "must be what S256 makes of a verifier")
NO_HTTPS_URL = Fault("not_an_https_url", "must be an https URL")
NO_APPRISE_URL = Fault("not_an_apprise_url", "must be an Apprise URL, such as ntfy://host/topic")
NOT_USED = Fault("not_used", "is not used by {platform}")
NEEDED = Fault("needed", "is needed by {platform}: {what}")
NO_AUDIT_LOG = Fault("no_audit_log", "is told to bots of the platform webhook alone")
NOT_EITHER = Fault("not_either", "give either bindingId or platformChatId")


BY_WORDS: Mapping[str, Fault] = {
    fault.template: fault for fault in list(vars().values()) if isinstance(fault, Fault)
}
"""All faults, by their words with the places for values."""

CODES = sorted({fault.code for fault in BY_WORDS.values()})
