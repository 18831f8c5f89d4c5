"""The desk's own sentences that the code says, and what it fills into each."""

from __future__ import annotations

from collections.abc import Mapping

_PLAIN = """
find_out suggest none_of_these fallback_first fallback_second none_picked pick_again
no_choices empty media_photo media_voice media_location media_file privacy welcome menu topic_hint
handoff duty_unknown helped not_helped nothing_to_rate sorry_not_helped mine_none mine untitled
back_to_menu my_inquiries delete_confirm delete_yes delete_no deleted delete_kept apology
status_open status_answered status_waiting_staff status_resolved
web_title web_large_text web_log_label web_input_label web_placeholder web_send web_you web_desk
web_choices web_picked web_crisis web_typing web_new web_noscript web_quick_label web_quick_person
web_quick_inquiries web_quick_menu web_delivered web_unsent web_slow web_offline
web_history_failed web_bad_request web_too_large web_too_fast web_refused web_busy
tg_command_menu tg_command_mine tg_command_person tg_command_help tg_command_delete tg_help
tg_description tg_short_description tg_pressed tg_stale tg_too_fast tg_group_private tg_group_button
wx_choices wx_kept wx_now wx_more wx_go_on wx_slow wx_busy
"""

REQUIRED_MESSAGES: Mapping[str, frozenset[str]] = {
    **{name: frozenset[str]() for name in _PLAIN.split()},
    "not_yet_known": frozenset({"labels", "find_out"}),
    "answer_expired": frozenset({"title", "day", "find_out"}),
    "answer_not_yet": frozenset({"title", "day", "find_out"}),
    "basis": frozenset({"basis", "as_of"}),
    "autumn": frozenset({"born", "year"}),
    "autumn_past": frozenset({"born", "year"}),
    "several": frozenset({"count"}),
    "still_open": frozenset({"words"}),
    "elsewhere": frozenset({"title", "door"}),
    "topic_menu": frozenset({"topic"}),
    "handed_over": frozenset({"number", "duty"}),
    "already_waiting": frozenset({"number", "duty"}),
    "already_with_staff": frozenset({"owner", "number"}),
    "duty_known": frozenset({"duty"}),
    "taken": frozenset({"owner", "number"}),
    "duty_closed": frozenset({"opens"}),
    "opens_today": frozenset({"time"}),
    "opens_tomorrow": frozenset({"time"}),
    "opens_on": frozenset({"day", "weekday", "time"}),
    "owner_silent": frozenset({"owner", "number"}),
    "transferred": frozenset({"owner", "number"}),
    "bot_off": frozenset({"number", "duty"}),
    "bot_off_noted": frozenset({"number", "duty"}),
    "notice": frozenset({"text"}),
    "released": frozenset({"owner", "number"}),
    "resolved_by_staff": frozenset({"owner", "number"}),
    "resolved_by_clock": frozenset({"owner", "days", "number"}),
    "staff_words": frozenset({"owner", "text"}),
    "staff_asks": frozenset({"owner", "text"}),
    "thanks_helped": frozenset({"number"}),
    "owned_not_yours_to_close": frozenset({"owner", "number"}),
    "mine_line": frozenset({"number", "title", "status"}),
    "mine_one": frozenset({"number", "title", "status", "opened"}),
    "mine_closed": frozenset({"number", "title"}),
    "unknown_number": frozenset({"number"}),
    "status_with_staff": frozenset({"owner"}),
    "status_waiting_parent": frozenset({"owner"}),
    "crisis_followed": frozenset({"number"}),
    "wx_heard": frozenset({"words"}),
}
"""Name in messages.yaml → the {fields} that the code fills in."""
