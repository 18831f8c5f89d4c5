"""Who gets in, and what a forged or late request gets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from console_office import Office, alert, hidden_fields, open_office


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with open_office() as office:
        yield office


HEADERS = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}


async def test_a_link_works_once(office: Office) -> None:
    token = await office.link()
    first = await office.browser.post("/staff/sign-in", data={"token": token})
    assert (first.status_code, first.headers["location"]) == (303, "/staff/")
    assert "王老师" in (await office.browser.get("/staff/")).text

    second = await office.another_browser().post("/staff/sign-in", data={"token": token})
    assert second.status_code == 403
    assert "python run_bot.py staff link 姓名" in second.text
    assert "set-cookie" not in second.headers


async def test_a_whole_pasted_link_works(office: Office) -> None:
    token = await office.link()
    link = f" http://127.0.0.1:8080/staff/sign-in#{token}\n"
    assert (await office.browser.post("/staff/sign-in", data={"token": link})).status_code == 303


@pytest.mark.parametrize("token", ["", "made-up", "#"])
async def test_no_link_no_entry(office: Office, token: str) -> None:
    refused = await office.browser.post("/staff/sign-in", data={"token": token})
    assert refused.status_code == 403
    assert "已经用过、过期" in alert(refused.text)


async def test_an_expired_link_says_how_to_get_a_new_one(office: Office) -> None:
    token = await office.link()
    office.clock.pass_by(days=2)
    refused = await office.browser.post("/staff/sign-in", data={"token": token})
    assert refused.status_code == 403
    assert "staff link 姓名" in refused.text


@pytest.mark.parametrize("path", ["/staff/", "/staff/inquiries/1001", "/staff/nowhere"])
async def test_signed_out_visitors_are_sent_to_sign_in(office: Office, path: str) -> None:
    await office.parent_asks("几岁能上小学")
    answer = await office.browser.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in")
    assert (await office.browser.get("/staff/events")).status_code == 401


async def test_a_session_ends_after_twelve_hours_and_keeps_what_was_typed(office: Office) -> None:
    number = await office.parent_asks("几岁能上小学")
    await office.sign_in()
    page = await office.see(number)
    office.clock.pass_by(hours=12)
    late = await office.press(number, "reply", "满六周岁。", page=page)
    assert late.status_code == 401
    assert "满六周岁。" in late.text
    assert "登录已过期" in alert(late.text)
    assert [item.who for item in await office.desk.transcript(number)] == ["parent"]


async def test_signing_out_ends_the_session_itself(office: Office) -> None:
    await office.sign_in()
    cookie = office.browser.cookies["staff_session"]
    form = hidden_fields((await office.browser.get("/staff/")).text)
    answer = await office.browser.post("/staff/sign-out", data=form)
    assert answer.headers["location"] == "/staff/sign-in?notice=out"
    thief = office.another_browser()
    thief.cookies.set("staff_session", cookie)
    assert (await thief.get("/staff/")).status_code == 303


async def test_signing_in_again_ends_the_former_session(office: Office) -> None:
    await office.sign_in()
    former = office.browser.cookies["staff_session"]
    await office.sign_in("李老师")
    assert await office.sessions.who(former, office.clock()) is None
    assert "李老师" in (await office.browser.get("/staff/")).text


@pytest.mark.parametrize(
    ("base_url", "secure"), [("http://desk.test", False), ("https://desk.test", True)]
)
async def test_the_cookie_is_kept_close(base_url: str, secure: bool) -> None:
    async with open_office(base_url) as office:
        cookie = (await office.sign_in()).headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/staff", "max-age=43200"):
        assert part in cookie
    assert ("secure" in cookie) is secure


async def test_no_secret_stands_in_an_address(office: Office) -> None:
    number = await office.parent_asks("几岁能上小学")
    token = await office.link()
    answers = [await office.browser.post("/staff/sign-in", data={"token": token})]
    secret = office.browser.cookies["staff_session"]
    form_token = hidden_fields(await office.see(number))["form_token"]
    answers.append(await office.press(number, "reply", "满六周岁的孩子"))
    answers.append(await office.browser.get("/staff"))
    answers.append(await office.browser.post("/staff/sign-out", data={"form_token": form_token}))
    for answer in answers:
        assert 300 <= answer.status_code < 400
        for private in (token, secret, form_token, "满六周岁"):
            assert private not in answer.headers["location"]


async def test_a_foreign_page_cannot_act(office: Office) -> None:
    number = await office.parent_asks("几岁能上小学")
    await office.sign_in()
    form = {**hidden_fields(await office.see(number)), "act": "reply", "text": "骗人的话"}
    origins: list[dict[str, str]] = [
        HEADERS,
        {"Sec-Fetch-Site": "same-site", "Origin": "http://desk.test"},
    ]
    for headers in origins:
        refused = await office.browser.post(
            f"/staff/inquiries/{number}", data=form, headers=headers
        )
        assert refused.status_code == 403
        assert "骗人的话" not in refused.text
        out = await office.browser.post("/staff/sign-out", data=form, headers=headers)
        assert out.status_code == 403
    token = await office.link("坏人")
    login = await office.browser.post("/staff/sign-in", data={"token": token}, headers=HEADERS)
    assert login.status_code == 403
    assert await office.words(number) == []


@pytest.mark.parametrize(
    ("origin", "status"), [("http://desk.test", 303), ("http://evil.test", 403), ("null", 403)]
)
async def test_origin_counts_where_the_browser_names_no_site(
    office: Office, origin: str, status: int
) -> None:
    number = await office.parent_asks("几岁能上小学")
    await office.sign_in()
    form = {**hidden_fields(await office.see(number)), "act": "take"}
    del office.browser.headers["Sec-Fetch-Site"]
    answer = await office.browser.post(
        f"/staff/inquiries/{number}", data=form, headers={"Origin": origin}
    )
    assert answer.status_code == status


@pytest.mark.parametrize("form_token", ["", "0" * 64, "é"])
async def test_a_form_of_another_session_is_refused_but_its_words_stay(
    office: Office, form_token: str
) -> None:
    number = await office.parent_asks("几岁能上小学")
    await office.sign_in()
    answer = await office.browser.post(
        f"/staff/inquiries/{number}",
        data={"form_token": form_token, "nonce": "n", "act": "reply", "text": "满六周岁。"},
    )
    assert answer.status_code == 403
    assert "满六周岁。" in answer.text
    assert await office.words(number) == []
    assert (
        await office.browser.post("/staff/sign-out", data={"form_token": form_token})
    ).status_code == 403


async def test_two_sessions_of_one_person_have_different_form_tokens(office: Office) -> None:
    await office.sign_in()
    first = hidden_fields((await office.browser.get("/staff/")).text)
    await office.sign_in()
    assert hidden_fields((await office.browser.get("/staff/")).text) != first


async def test_every_page_carries_the_headers(office: Office) -> None:
    number = await office.parent_asks("几岁能上小学")
    outside = [await office.browser.get("/staff/sign-in"), await office.browser.get("/staff/")]
    await office.sign_in()
    paths = ["/staff/", f"/staff/inquiries/{number}", "/staff/inquiries/9", "/staff/nowhere"]
    for answer in outside + [await office.browser.get(path) for path in paths]:
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert " style=" not in answer.text
        assert "<script>" not in answer.text
        assert "http://" not in answer.text.replace("http://desk.test", "")


async def test_a_huge_form_is_refused(office: Office) -> None:
    await office.sign_in()
    answer = await office.browser.post("/staff/inquiries/1001", data={"text": "长" * 200_000})
    assert answer.status_code == 413


async def test_scripts_and_styles_are_served(office: Office) -> None:
    for name in ("staff.css", "inbox.js", "sign_in.js"):
        assert (await office.browser.get(f"/staff/static/{name}")).status_code == 200
