"""Passwords, sessions, roles, and what the audit keeps of all that."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from console_office import Office, alert, hidden_fields, open_office

from bot.errors import StorageError
from bot.model import Status
from bot.storage.accounts import Role
from bot.storage.sessions import TRIES


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with open_office() as office:
        yield office


GOOD = "杨家坪的黄葛树开花了"


async def set_password(office: Office, password: str = GOOD, **more: str) -> int:
    answer = await office.send(
        "/staff/me", do="password", password=password, again=password, **more
    )
    return answer.status_code


async def enter(office: Office, name: str, password: str) -> tuple[int, str]:
    """Sign in with a password in a browser of its own; return the status and the page."""
    answer = await office.another_browser().post(
        "/staff/sign-in", data={"name": name, "password": password}
    )
    return answer.status_code, answer.text


async def audited(office: Office, about: str = "") -> list[tuple[str, str, str]]:
    """Return who did what about what, the newest first."""
    return [(e.who, e.what, e.about) for e in await office.audit.page(about=about)]


async def test_a_password_signs_in_and_a_wrong_one_does_not(office: Office) -> None:
    await office.sign_in()
    assert (await enter(office, "王老师", ""))[0] == 403
    assert await set_password(office) == 303
    assert (await enter(office, " 王老师 ", GOOD))[0] == 303
    status, page = await enter(office, "王老师", GOOD + "！")
    assert (status, "称呼或密码不对" in alert(page)) == (403, True)
    assert GOOD not in page
    nobody = await enter(office, "没有这个人", GOOD)
    assert alert(nobody[1]) == alert(page)


async def test_passwords_are_kept_as_argon2(office: Office) -> None:
    await office.sign_in()
    await set_password(office)
    [row] = await office.store.database.rows("SELECT password_hash FROM staff_accounts")
    assert row["password_hash"].startswith("$argon2id$")


@pytest.mark.parametrize("password", ["短", "王老师王老师王老师王", "aaaaaaaaaaaaaa", "长" * 201])
async def test_a_password_that_is_easy_to_guess_is_refused(office: Office, password: str) -> None:
    await office.sign_in()
    assert await set_password(office, password) == 422
    assert (await enter(office, "王老师", password))[0] == 403


async def test_changing_a_password_needs_the_present_one_and_signs_others_out(
    office: Office,
) -> None:
    await office.sign_in()
    await set_password(office)
    elsewhere = office.another_browser()
    await elsewhere.post("/staff/sign-in", data={"name": "王老师", "password": GOOD})
    assert (await elsewhere.get("/staff/")).status_code == 200
    assert await set_password(office, "步行街的小面从来不要葱") == 403
    assert await set_password(office, "步行街的小面从来不要葱", present=GOOD) == 303
    assert (await elsewhere.get("/staff/")).status_code == 303
    assert (await office.browser.get("/staff/")).status_code == 200
    assert (await enter(office, "王老师", GOOD))[0] == 403


async def test_too_many_tries_shut_the_door_for_a_while(office: Office) -> None:
    await office.sign_in()
    await set_password(office)
    await office.sign_in("李老师")
    await set_password(office)
    tries = await asyncio.gather(
        *(enter(office, "王老师", f"猜的第{n}个密码") for n in range(TRIES["both"] + 3))
    )
    assert [status for status, _ in tries].count(403) == TRIES["both"]
    status, page = await enter(office, "王老师", GOOD)
    assert (status, "15 分钟后再试" in alert(page)) == (429, True)
    assert (await enter(office, "李老师", GOOD))[0] == 303
    assert (await office.sign_in()).status_code == 303
    office.clock.pass_by(minutes=15)
    assert (await enter(office, "王老师", GOOD))[0] == 303


async def test_one_sees_and_ends_ones_other_sessions(office: Office) -> None:
    await office.sign_in()
    phone = office.another_browser()
    phone.headers["User-Agent"] = "Duty phone"
    await office.sign_in(browser=phone)
    page = (await office.browser.get("/staff/me")).text
    assert "Duty phone" in page
    assert page.count("退出那里") == 1
    session = hidden_fields(page)["session"]
    assert (await office.send("/staff/me", do="revoke", session=session)).status_code == 303
    assert (await phone.get("/staff/")).status_code == 303
    assert (await office.browser.get("/staff/")).status_code == 200


@pytest.mark.parametrize("path", ["/staff/accounts/", "/staff/settings/"])
async def test_what_admins_alone_may_see(office: Office, path: str) -> None:
    await office.sign_in()
    assert (await office.browser.get(path)).status_code == 403
    assert path not in (await office.browser.get("/staff/")).text
    token = hidden_fields((await office.browser.get("/staff/")).text)["form_token"]
    refused = await office.browser.post(
        path, data={"form_token": token, "do": "add", "name": "内鬼", "role": "admin"}
    )
    assert refused.status_code == 403
    assert {account.name for account in await office.accounts.list()} == {"王老师"}
    await office.sign_in("管理员", role=Role.ADMIN)
    assert (await office.browser.get(path)).status_code == 200
    assert path in (await office.browser.get("/staff/")).text


async def test_an_admin_keeps_the_accounts(office: Office) -> None:
    await office.sign_in("管理员", role=Role.ADMIN)
    added = await office.send("/staff/accounts/", do="add", name="陈老师", role="staff")
    [token] = re.findall(r"http://desk\.test/staff/sign-in#([\w-]+)", added.text)
    newcomer = office.another_browser()
    assert (await newcomer.post("/staff/sign-in", data={"token": token})).status_code == 303
    assert (await newcomer.get("/staff/accounts/")).status_code == 403

    again = await office.send("/staff/accounts/", do="add", name="陈老师")
    assert (again.status_code, "已经有账号" in alert(again.text)) == (409, True)
    await office.send("/staff/accounts/", do="role", name="陈老师", role="admin")
    assert (await newcomer.get("/staff/accounts/")).status_code == 200
    await office.send("/staff/accounts/", do="revoke", name="陈老师")
    assert (await newcomer.get("/staff/")).status_code == 303
    await office.send("/staff/accounts/", do="disable", name="陈老师")
    link = await office.send("/staff/accounts/", do="link", name="陈老师")
    assert (link.status_code, "已停用" in alert(link.text)) == (409, True)
    await office.send("/staff/accounts/", do="enable", name="陈老师")
    link = await office.send("/staff/accounts/", do="link", name="陈老师")
    assert "/staff/sign-in#" in link.text
    assert [(who, what) for who, what, _ in reversed(await audited(office, "陈老师"))] == [
        ("管理员", "account.add"),
        ("管理员", "account.link"),
        ("陈老师", "sign_in.link"),
        ("管理员", "account.role"),
        ("管理员", "session.revoke"),
        ("管理员", "account.disable"),
        ("管理员", "account.enable"),
        ("管理员", "account.link"),
    ]


async def test_the_last_admin_stays(office: Office) -> None:
    await office.sign_in("管理员", role=Role.ADMIN)
    for change in ({"do": "disable"}, {"do": "role", "role": "staff"}):
        kept = await office.send("/staff/accounts/", name="管理员", **change)
        assert (kept.status_code, "最后一位管理员" in alert(kept.text)) == (409, True)
    await office.accounts.add("副管理员", Role.ADMIN)
    assert (
        await office.send("/staff/accounts/", do="role", name="管理员", role="staff")
    ).status_code == 303


async def test_every_look_at_what_a_parent_said_is_kept(office: Office) -> None:
    number = await office.parent_asks("几岁能上小学")
    await office.sign_in()
    for _ in range(2):
        await office.see(number)
    assert (await audited(office, number)) == [("王老师", "look", number)] * 2
    for _ in range(3):  # an open page that keeps itself fresh
        await office.browser.get(f"/staff/inquiries/{number}", headers={"X-Live": "1"})
    assert len(await audited(office, number)) == 2
    office.clock.pass_by(minutes=11)
    await office.browser.get(f"/staff/inquiries/{number}", headers={"X-Live": "1"})
    assert len(await audited(office, number)) == 3
    await office.browser.get("/staff/")
    assert ("王老师", "look", "inbox") in await audited(office)


async def test_every_act_is_kept(office: Office) -> None:
    number = await office.parent_asks("几岁能上小学")
    await office.sign_in()
    await office.press(number, "take")
    await office.press(number, "reply", "满六周岁。")
    await office.press(number, "resolve")
    acts = [what for _, what, _ in reversed(await audited(office, number)) if what != "look"]
    assert acts == ["act.take", "act.reply", "act.resolve"]
    assert "满六周岁" not in str(await office.audit.page())
    assert (await office.inquiry(number)).status is Status.RESOLVED


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = '别人'",
        "DELETE FROM audit",
        "REPLACE INTO audit (id, at, who, what, about, detail)"
        " SELECT id, at, '别人', what, about, detail FROM audit",
    ],
)
async def test_nobody_rewrites_the_audit(office: Office, statement: str) -> None:
    await office.sign_in()
    before = await office.audit.page()
    with pytest.raises(StorageError):
        async with office.store.database.transaction() as work:
            await work.rows(statement)
    assert before
    assert await office.audit.page() == before


@pytest.mark.parametrize(
    "path", ["/staff/me", "/staff/accounts/", "/staff/settings/", "/staff/inquiries/1001/notes"]
)
async def test_every_form_is_ours_alone(office: Office, path: str) -> None:
    await office.parent_asks("要真人")
    await office.sign_in("管理员", role=Role.ADMIN)
    await office.see("1001")
    token = hidden_fields((await office.browser.get("/staff/")).text)["form_token"]
    form = {
        **{"do": "off", "name": "内鬼", "role": "admin", "text": "坏话"},
        **{"password": GOOD, "again": GOOD},
    }
    before = len(await office.audit.page())
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}
    forged = await office.browser.post(path, data={**form, "form_token": token}, headers=foreign)
    assert forged.status_code == 403
    for wrong in ("", "0" * 64):
        stale = await office.browser.post(path, data={**form, "form_token": wrong})
        assert (stale.status_code, "坏话" in stale.text) == (403, True)
    signed_out = await office.another_browser().post(path, data={**form, "form_token": token})
    assert signed_out.status_code == 401
    assert len(await office.audit.page()) == before
    assert not (await office.store.casework.switches()).bot_off
    assert await office.store.casework.notes("1001") == []
