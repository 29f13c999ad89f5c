"""The codes that clients switch on, as they are promised: no code of the server's is read here."""

import re
from collections.abc import Mapping


def _split(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PROBLEMS = {
    400: """
        malformed_request authorization_pending slow_down access_denied expired_token
    """,
    401: """
        unauthenticated invalid_token invalid_credentials totp_required totp_invalid
    """,
    403: """
        forbidden password_login_off session_required insufficient_scope reauthentication_required
        wrong_origin not_an_answerer
    """,
    404: """
        not_found nothing_pending no_workspace no_diff no_file file_left_out nothing_to_install
        invitation_not_found
    """,
    405: "method_not_allowed",
    408: "request_timeout",
    409: """
        task_ended task_not_ended no_checkpoint too_many_follow_ups follow_up_started no_open_gate
        wrong_stage wrong_round already_answered no_terminal patch_left_out network_closed
        network_open no_live_workspace tunnel_open idempotency_key_reused head_changed
        comment_published too_many_comments too_many_images too_many_drafts too_many_views
        machine_decommissioned
        machine_already_registered already_exists chat_bound platform_uid_taken email_taken
        identity_taken public_url_missing lockout_prevented last_admin last_maintainer
        project_in_use project_archived totp_enabled totp_not_set_up delivery_not_dead
        signing_key_unreadable no_messages too_many_messages message_sent not_working
        no_shell
        no_failed_check
        invitation_accepted invitation_withdrawn invitation_expired inviter_disabled
    """,
    413: "body_too_large",
    415: "unsupported_media_type",
    416: "requested_range_not_satisfiable",
    422: "validation_failed",
    429: "too_many_attempts too_many_streams too_many_requests",
    500: "internal_error",
    503: "unavailable",
}
PROBLEMS = {(str(status), code) for status, codes in _PROBLEMS.items() for code in codes.split()}

_FIELD_ERRORS = """
    angle_brackets answerers_named bad_pattern blank branch_in_the_way(branch) branch_of_attempts
    budget_not_asked
    choice_twice command_empty command_needed(agent) command_not_words(reason) figure_used_up
    file_not_changed gate_needed(field) gates_clash id_not_once image_animated image_sides(max)
    invalid key_with_passphrase
    line_beyond_end(lines) line_not_seen lives_too_long(days) login_left_behind unknown_deploy_key
    machine_decommissioned machine_not_named needed(platform,what) no_audit_log no_such_commit
    no_such_developer no_such_figure no_such_image no_such_machine no_such_project no_such_provider
    no_such_review no_such_stage(stages) not_a_boolean not_a_branch not_a_branch_template
    not_an_earlier_agent(name) on_failure_of_agent
    not_a_challenge not_a_comma_list(choices) not_a_commit not_a_cursor not_a_date not_a_host
    not_a_known_host(line) not_a_label not_a_list not_a_network not_a_number not_a_patch
    not_a_path not_a_platform_uid not_a_private_key not_a_project_key not_a_provider_name
    not_a_query not_a_repository not_a_requirement(requirement) not_a_setting not_a_string
    not_a_timestamp not_a_uuid not_a_variable_name not_above(min,max) not_an_agent_type
    not_an_apprise_url not_an_email not_an_image not_an_https_url not_an_integer not_an_object
    not_confirm_or_reject not_either not_ids(max) not_loopback not_one_line not_one_of(choices)
    not_plain_text not_text not_used(platform) nothing_suggested
    nothing_without(field) null openid_needed
    other_blob out_of_range(min,max) password_off past position_is_fixed price_agent(row)
    price_model(row,max) price_not_a_number(row,field) price_not_an_object(row)
    price_out_of_range(row,field,max) price_unknown_field(row,field) proof_needed required
    review_empty scopes_clash setting_pattern(unit) short_secret(min) stage_count(max)
    stage_name_twice(name) template_name_twice thread_is_draft too_large(max) too_long(max)
    too_many_hosts(max) too_many_lines(max) too_many_of_task(max)
    too_many_prices(max) too_many_requirements(max) too_many_tools(max)
    too_short(min) too_small(min) unknown_field unknown_machine(machine) unknown_project(project)
    unknown_variable(name,known) url_with_login wrong_code wrong_length(min,max) wrong_password
"""
FIELD_ERRORS: Mapping[str, list[str]] = {
    found[1]: found[2].split(",") if found[2] else []
    for found in re.finditer(r"([a-z0-9_]+)(?:\(([\w,]+)\))?", _FIELD_ERRORS)
}
"""The names of `params` by code."""

# ---- tasks ---------------------------------------------------------------------------------------

SERVER_FAILURES = _split("""
    stage_failed agent_unauthorized agent_rate_limited agent_quota agent_overloaded stage_timeout
    machine_lost machine_decommissioned gate_expired key_missing order_too_large nothing_changed
    not_what_was_approved quota_exhausted asks_too_much
""")

MACHINE_FAILURES = _split("""
    base_missing binary_missing cancelled checkpoint_missing checkpoint_moved disk_exceeded
    memory_exceeded not_what_was_approved processes_exceeded publish_failed repository_empty
    repository_refused repository_unreachable sandbox_unavailable stage_impossible start_failed
    worker_failed work_too_large work_unreadable workspace_broken workspace_failed
    workspace_timeout
""")

EVENTS = _split("""
    created retried cancelled followed_up assigned started stage_started stage_finished checkpoint
    suspended confirmed resumed published completed failed requeued machine_lost machine_back
    restored workspace tunnel egress_refused message interrupted shell reviewed commented
    resolved reopened log warning error
""")

WAIT_RULES = _split("""
    not_requested decommissioned draining offline capability_missing capability_degraded
    quota_exhausted sandbox_unavailable label_mismatch overloaded no_free_slot
""")

# ---- sockets -------------------------------------------------------------------------------------

TERMINAL_CLOSES = {
    1000,
    1001,
    1002,
    1007,
    1009,
    4400,
    4401,
    4403,
    4404,
    4408,
    4409,
    4410,
    4411,
    4412,
    4429,
}

CHANNEL_CLOSES = {1001, 4400, 4401, 4408, 4412, 4413, 4414}

# ---- the audit log -------------------------------------------------------------------------------

_AUDIT_ACTIONS = """
    binding: created removed
    bot: created updated deleted tested
    chat_token: created
    delivery: retried
    device: approved denied
    developer: chat_linked created groups_applied signed_out totp_reset updated
    evidence_key: replaced
    gate: answered
    getting_started: updated
    identity: linked unlinked
    invitation: accepted created withdrawn
    identity_provider: created deleted updated
    login: ended failed flooded limited reauthenticated refresh_reused started unlocked
    machine: decommissioned drained misbehaved recovered registered undrained updated
    machine: uninstalled upgrade_failed upgraded
    member: removed set
    password: changed
    personal_token: created revoked
    project: checked created deleted key_generated secrets_destroyed updated
    settings: updated
    task: cancelled follow_up_withdrawn followed_up retried reviewed
    task: interrupted message_sent message_withdrawn
    terminal: controlled shell_opened
    totp: disabled enabled
    tunnel: started stopped
    worker_token: created revoked
"""
AUDIT_ACTIONS = {
    f"{family.strip()}.{done}"
    for family, _, actions in (line.partition(":") for line in _AUDIT_ACTIONS.splitlines())
    for done in actions.split()
}
