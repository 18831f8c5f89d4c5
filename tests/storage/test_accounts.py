"""Staff accounts: names, one-time links, sessions."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from storage_desk import NOW

from bot.storage.accounts import SESSION_LENGTH, Account, AccountRefused, Accounts
from bot.storage.store import Store

HOUR = timedelta(hours=1)


@pytest.fixture
def accounts(store: Store) -> Accounts:
    return Accounts(store)


async def test_accounts_are_added_listed_and_disabled(accounts: Accounts) -> None:
    assert not await accounts.any_account()
    await accounts.add(" 王老师 ")
    await accounts.add("李老师")
    await accounts.disable("王老师")
    assert set(await accounts.list()) == {
        Account("李老师", "admin", False),
        Account("王老师", "admin", True),
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


async def test_a_link_signs_in_once_and_in_time(accounts: Accounts) -> None:
    await accounts.add("王老师")
    token = await accounts.create_link("王老师", NOW, HOUR)
    late = await accounts.create_link("王老师", NOW, HOUR)
    secret = await accounts.use_link(token, NOW + HOUR / 2)
    assert secret is not None
    assert secret != token
    assert await accounts.session_name(secret, NOW + HOUR) == "王老师"
    assert await accounts.use_link(token, NOW + HOUR / 2) is None
    assert await accounts.use_link(late, NOW + HOUR) is None
    assert await accounts.use_link("\ud83d 瞎猜的", NOW) is None


async def test_of_many_at_once_one_uses_the_link(accounts: Accounts) -> None:
    await accounts.add("王老师")
    token = await accounts.create_link("王老师", NOW, HOUR)
    secrets = await asyncio.gather(*(accounts.use_link(token, NOW) for _ in range(10)))
    assert len([secret for secret in secrets if secret]) == 1


async def test_a_session_ends_by_itself_or_by_signing_out(accounts: Accounts) -> None:
    await accounts.add("王老师")
    secrets = [
        await accounts.use_link(await accounts.create_link("王老师", NOW, HOUR), NOW)
        for _ in range(2)
    ]
    first, second = [secret or "" for secret in secrets]
    assert await accounts.session_name(first, NOW + SESSION_LENGTH) is None
    await accounts.end_session(first)
    await accounts.end_session("瞎猜的")
    assert await accounts.session_name(first, NOW) is None
    assert await accounts.session_name(second, NOW) == "王老师"
    assert await accounts.session_name("瞎猜的", NOW) is None


async def test_disabling_ends_sessions_and_links(accounts: Accounts) -> None:
    await accounts.add("王老师")
    open_link = await accounts.create_link("王老师", NOW, HOUR)
    secret = await accounts.use_link(await accounts.create_link("王老师", NOW, HOUR), NOW)
    await accounts.disable("王老师")
    assert await accounts.session_name(secret or "", NOW) is None
    assert await accounts.use_link(open_link, NOW) is None
    with pytest.raises(AccountRefused, match="停用"):
        await accounts.create_link("王老师", NOW, HOUR)
    with pytest.raises(AccountRefused, match="没有账号"):
        await accounts.disable("没有的人")


async def test_neither_token_nor_secret_stands_in_the_file(path: Path) -> None:
    store = await Store.open(path)
    accounts = Accounts(store)
    await accounts.add("王老师")
    token = await accounts.create_link("王老师", NOW, HOUR)
    secret = await accounts.use_link(token, NOW)
    unused = await accounts.create_link("王老师", NOW, HOUR)
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    await store.close()
    for word in (token, secret or "", unused):
        assert word.encode() not in files
