"""Staff accounts: names, one-time links, sessions."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from storage_desk import NOW

from bot.storage.accounts import Account, AccountRefused, Accounts, Role
from bot.storage.sessions import SESSION_LENGTH, Sessions
from bot.storage.store import Store

HOUR = timedelta(hours=1)


@pytest.fixture
def accounts(store: Store) -> Accounts:
    return Accounts(store)


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return Sessions(store)


async def who(sessions: Sessions, secret: str, now: datetime) -> str | None:
    account = await sessions.who(secret, now)
    return account.name if account else None


async def test_accounts_are_added_listed_and_disabled(accounts: Accounts) -> None:
    assert not await accounts.any_account()
    await accounts.add(" 王老师 ")
    await accounts.add("李老师")
    await accounts.disable("王老师")
    assert set(await accounts.list()) == {
        Account("李老师", Role.STAFF, False),
        Account("王老师", Role.STAFF, True),
    }
    assert await accounts.any_account()


@pytest.mark.parametrize(
    "name", ["", "  ", "parent", "Bot", " clock ", "ｂｏｔ", "王\n老师", "王" * 31, "李老师"]
)
async def test_a_name_that_would_mislead_is_refused(accounts: Accounts, name: str) -> None:
    await accounts.add("李老师")
    with pytest.raises(AccountRefused, match="请"):
        await accounts.add(name)
    assert len(await accounts.list()) == 1


async def test_a_link_signs_in_once_and_in_time(accounts: Accounts, sessions: Sessions) -> None:
    await accounts.add("王老师")
    token = await accounts.create_link("王老师", NOW, HOUR)
    late = await accounts.create_link("王老师", NOW, HOUR)
    secret = await sessions.use_link(token, NOW + HOUR / 2)
    assert secret is not None
    assert secret != token
    assert await who(sessions, secret, NOW + HOUR) == "王老师"
    assert await sessions.use_link(token, NOW + HOUR / 2) is None
    assert await sessions.use_link(late, NOW + HOUR) is None
    assert await sessions.use_link("\ud83d 瞎猜的", NOW) is None


async def test_of_many_at_once_one_uses_the_link(accounts: Accounts, sessions: Sessions) -> None:
    await accounts.add("王老师")
    token = await accounts.create_link("王老师", NOW, HOUR)
    secrets = await asyncio.gather(*(sessions.use_link(token, NOW) for _ in range(10)))
    assert len([secret for secret in secrets if secret]) == 1


async def test_a_session_ends_by_itself_or_by_signing_out(
    accounts: Accounts, sessions: Sessions
) -> None:
    await accounts.add("王老师")
    secrets = [
        await sessions.use_link(await accounts.create_link("王老师", NOW, HOUR), NOW)
        for _ in range(2)
    ]
    first, second = [secret or "" for secret in secrets]
    assert await who(sessions, first, NOW + SESSION_LENGTH) is None
    await sessions.end(first)
    await sessions.end("瞎猜的")
    assert await who(sessions, first, NOW) is None
    assert await who(sessions, second, NOW) == "王老师"
    assert await who(sessions, "瞎猜的", NOW) is None


async def test_disabling_ends_sessions_and_links(accounts: Accounts, sessions: Sessions) -> None:
    await accounts.add("王老师")
    open_link = await accounts.create_link("王老师", NOW, HOUR)
    secret = await sessions.use_link(await accounts.create_link("王老师", NOW, HOUR), NOW)
    await accounts.disable("王老师")
    assert await who(sessions, secret or "", NOW) is None
    assert await sessions.use_link(open_link, NOW) is None
    with pytest.raises(AccountRefused, match="停用"):
        await accounts.create_link("王老师", NOW, HOUR)
    with pytest.raises(AccountRefused, match="没有账号"):
        await accounts.disable("没有的人")


async def test_neither_token_nor_secret_stands_in_the_file(path: Path) -> None:
    store = await Store.open(path)
    accounts, sessions = Accounts(store), Sessions(store)
    await accounts.add("王老师")
    token = await accounts.create_link("王老师", NOW, HOUR)
    secret = await sessions.use_link(token, NOW)
    unused = await accounts.create_link("王老师", NOW, HOUR)
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    await store.close()
    for word in (token, secret or "", unused):
        assert word.encode() not in files
