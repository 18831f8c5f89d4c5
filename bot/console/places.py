"""The places of the staff pages, as the navigation shows them, and who may go there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One link of the navigation."""

    path: str
    label: str
    admins_only: bool = False


INBOX = Place("/staff/", "收件箱")
FAQ = Place("/staff/faq/", "常见问题")
LEARNING = Place("/staff/learning/", "待学习")
FIGURES = Place("/staff/figures/", "统计")
ACCOUNTS = Place("/staff/accounts/", "账号", admins_only=True)
SETTINGS = Place("/staff/settings/", "设置", admins_only=True)
AUDIT = Place("/staff/audit/", "记录", admins_only=True)

PLACES = (INBOX, FAQ, LEARNING, FIGURES, ACCOUNTS, SETTINGS, AUDIT)
"""In this order; a place stands here once its page exists."""
