"""What a parent sees in WeChat: every kind of message and event, on the real FAQ."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechat_desk import AGE, Act, event, message, running, said, wechat_api

from bot.channels.wechat import wire


async def test_the_first_greeting_shows_the_five_topics_and_a_typed_number_picks() -> None:
    async with running() as desk:
        greeting = await desk.tell(event("o1", "subscribe"))
        assert "九龙坡家长咨询台" in greeting
        for topic in desk.desk.mind.faq.topics:
            assert re.search(rf"^\d\. {topic.title}$", greeting, re.MULTILINE), greeting
        answer = await desk.say("o1", "1")
        assert desk.desk.mind.faq.topics[0].title in answer
        assert "1. " in answer


async def test_text_is_answered_in_the_response() -> None:
    async with running() as desk:
        answer = await desk.say("o1", AGE)
        assert "依据：" in answer
        assert "回复数字：\n1. 有帮助\n2. 没帮助" in answer
        assert "办结" in await desk.say("o1", "1")


async def test_voice_is_answered_like_text_and_shown_as_understood() -> None:
    async with running() as desk:
        heard = await desk.tell(message("o1", "voice", MediaId="m", Recognition=f"{AGE}。"))
        assert heard.startswith(f"听到您说：“{AGE}。”")
        assert "满6周岁" in heard
        unheard = await desk.tell(message("o1", "voice", MediaId="m", Recognition=""))
        assert "请打字说" in unheard
        danger = await desk.tell(message("o1", "voice", Recognition="我不想活了，现在在楼顶"))
        assert danger.index("120") < danger.index("听到您说")


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("image", {"PicUrl": "http://p", "MediaId": "m"}, "图片收到了"),
        (
            "location",
            {"Location_X": "29.5", "Location_Y": "106.5", "Label": "谢家湾"},
            "位置收到了",
        ),
        ("link", {"Title": "招生公告", "Url": "https://x.cn/1"}, "文件收到了"),
        ("video", {"MediaId": "m"}, "文件收到了"),
        ("shortvideo", {"MediaId": "m"}, "文件收到了"),
        ("something new", {}, "文件收到了"),
        ("text", {"Content": "【收到不支持的消息类型，暂无法显示】"}, "图片收到了"),
    ],
)
async def test_what_cannot_be_read_is_acknowledged(
    kind: str, fields: dict[str, object], says: str
) -> None:
    async with running() as desk:
        assert says in await desk.tell(message("o1", kind, **fields))


async def test_what_a_place_or_a_link_is_called_reaches_staff() -> None:
    async with running() as desk:
        await desk.say("o1", "转人工")
        number = await desk.number("o1")
        await desk.desk.act("王老师", number, Act.TAKE, now=desk.clock())
        await desk.tell(message("o1", "location", Label="谢家湾小学门口"))
        await desk.tell(message("o1", "link", Title="公告", Url="https://x.cn/1"))
        words = [item.text for item in await desk.desk.transcript(number)]
        assert "谢家湾小学门口" in words
        assert "公告\nhttps://x.cn/1" in words


async def test_a_tapped_choice_is_picked_and_a_stale_one_offers_again() -> None:
    async with wechat_api() as api, running(api.url) as desk:
        greeting = await desk.tell(event("o1", "subscribe"))
        links = re.findall(r"msgmenucontent=([^&]*)&msgmenuid=(\d+)", greeting)
        said, number = links[1]
        topic = await desk.tell(message("o1", Content=said, bizmsgmenuid=number))
        assert said in topic
        assert topic != greeting
        again = await desk.tell(message("o1", Content=said, bizmsgmenuid=number))
        assert "没有这个选项" in again
        foreign = await desk.tell(message("o2", Content=said, bizmsgmenuid=number))
        assert said not in foreign.partition("回复数字")[0]
        assert "没有" in await desk.tell(message("o1", Content="x", bizmsgmenuid="9" * 19))


async def test_menu_buttons_do_what_they_say_and_old_ones_show_the_topics() -> None:
    async with running() as desk:
        faq = desk.desk.mind.faq
        for button in faq.menu.buttons:
            for item in button.buttons or (button,):
                answer = await desk.tell(event("o1", "CLICK", item.key))
                if item.entry:
                    assert faq.answer(item.entry).splitlines()[0] in answer
                elif item.topic:
                    assert next(t.title for t in faq.topics if t.topic == item.topic) in answer
                else:
                    assert answer
        for key in ("", "old", "topic.gone", "entry.gone.x", "command.gone", "命令"):
            answer = await desk.tell(event("o3", "CLICK", key))
            assert faq.topics[0].title in answer


@pytest.mark.parametrize("follows", [True, False])
async def test_a_code_on_a_poster_leads_to_its_topic_and_is_noted(follows: bool) -> None:
    async with running() as desk:
        if follows:
            seen = await desk.tell(event("o1", "subscribe", "qrscene_s_xjw-aid", Ticket="t"))
        else:
            seen = await desk.tell(event("o1", "SCAN", "s_xjw-aid", Ticket="t"))
        assert ("九龙坡家长咨询台" in seen) == follows
        assert "资助" in seen
        await desk.say("o1", AGE)
        inquiry = await desk.desk.inquiry(await desk.number("o1"))
        assert inquiry is not None
        assert inquiry.slots["source"] == "xjw"


async def test_events_that_are_nothing_to_us_are_met_with_silence() -> None:
    async with running() as desk:
        for name in ("VIEW", "LOCATION", "TEMPLATESENDJOBFINISH", "scancode_push", "", "新事件"):
            assert await desk.tell(event("o1", name, "x")) == ""
        assert await desk.tell(event("o1", "CLICK", "x" * 129)) == ""
        assert await desk.rows("SELECT * FROM inbox") == []


async def test_an_event_repeated_by_the_platform_is_one_event() -> None:
    async with running() as desk:
        follow = event("o1", "subscribe")
        assert await desk.tell(follow) == await desk.tell(follow)
        assert await desk.rows("SELECT count(*) FROM inbox") == [(1,)]
        second = dict(follow, CreateTime=int(str(follow["CreateTime"])) + 1)
        await desk.tell(second)
        assert await desk.rows("SELECT count(*) FROM inbox") == [(2,)]


async def test_personal_numbers_are_masked_before_anything_is_stored() -> None:
    async with running() as desk:
        await desk.say("o1", "我的电话13812345678，几岁能上小学")
        await desk.tell(message("o1", "voice", Recognition="身份证500107201701011234"))
        for table in ("inbox", "turns", "passive_replies", "outbox"):
            dumped = str(await desk.rows(f"SELECT * FROM {table}"))  # noqa: S608
            assert "13812345678" not in dumped
            assert "500107201701011234" not in dumped


_HOSTILE = st.tuples(
    st.sampled_from(["text", "voice", "location", "link", "event", "image"]),
    st.dictionaries(
        st.sampled_from(
            ["Content", "Recognition", "Label", "Title", "Url", "Event", "EventKey", "bizmsgmenuid"]
        ),
        st.text(st.characters(codec="utf-8"), max_size=60)
        | st.sampled_from(["subscribe", "CLICK", "SCAN", "qrscene_s_a-aid", "201", "]]>"]),
    ),
)


async def test_hostile_words_of_a_signed_parent_are_answered() -> None:
    collected: list[tuple[str, dict[str, str]]] = []

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(_HOSTILE)
    def collect(each: tuple[str, dict[str, str]]) -> None:
        collected.append(each)

    collect()
    async with running() as desk:
        for number, (kind, fields) in enumerate(collected):
            words = {name: wire.sayable(value) for name, value in fields.items()}
            response = await desk.call(message(f"o{number % 7}", kind, **words))
            assert response.status_code == 200, response.text
            said(response)
