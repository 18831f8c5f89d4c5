"""The places of the staff pages, as the navigation shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One link of the navigation."""

    name: str
    """What a page of that place passes to `page()` as `place`."""
    path: str
    label: str
    admins_only: bool = False


PLACES = (
    Place("inbox", "/staff/", "收件箱"),
    Place("faq", "/staff/faq/", "常见问题"),
    Place("learning", "/staff/learning/", "待学习"),
    Place("figures", "/staff/figures/", "统计"),
    Place("accounts", "/staff/accounts/", "账号", admins_only=True),
    Place("settings", "/staff/settings/", "设置", admins_only=True),
    Place("audit", "/staff/audit/", "记录", admins_only=True),
)
"""In this order; a place stands here once its page exists."""
