"""Alerts to a group robot: a real HTTP server that counts and refuses as WeCom's does."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.storage.audit import Audit
from bot.webhook import LARGEST_BYTES, StaffWebhook, merged
from tests.desk import Talk, open_talk, until

WINDOW_S = 0.6
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


class Robot:
    """A group robot at a local address: takes 20 messages a window, refuses what is too long."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refused: list[int] = []
        self.down = False
        self._times: list[float] = []
        robot = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = robot.hear(self.path, body)
                said = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/cgi-bin/webhook/send?key={KEY}"

    def hear(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 502, {}
        message = json.loads(body)
        code = 0
        now = time.monotonic()
        self._times = [at for at in self._times if at > now - WINDOW_S * 0.9]
        if not path.endswith(f"?key={KEY}"):
            code = 93000
        elif len(self._times) >= 20:
            code = 45009
        elif message["msgtype"] != "text" or (
            len(message["text"]["content"].encode()) > LARGEST_BYTES
        ):
            code = 40008
        self._times.append(now)
        if code:
            self.refused.append(code)
        else:
            self.taken.append(message)
        return 200, {"errcode": code, "errmsg": "ok" if code == 0 else "refused"}

    @property
    def said(self) -> str:
        return "\n".join(message["text"]["content"] for message in self.taken)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def robot() -> Iterator[Robot]:
    robot = Robot()
    yield robot
    robot.close()


@asynccontextmanager
async def alerted(robot: Robot) -> AsyncIterator[Talk]:
    """Lend a desk whose news go to the robot."""
    async with open_talk() as talk:
        webhook = StaffWebhook(talk.desk, robot.url, window_s=WINDOW_S)
        task = asyncio.create_task(webhook.run())
        try:
            yield talk
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_who_waits_is_told_without_a_word_of_the_parent(robot: Robot) -> None:
    async with alerted(robot) as talk:
        await talk.say("我儿子张小明在谢家湾小学，转人工")
        await talk.say("转人工")
        await until(lambda: "1001号" in robot.said)
        assert "有咨询要人接手" in robot.said
        assert "mentioned_list" not in robot.taken[0]["text"]
        for private in ("张小明", "谢家湾", "转人工", "p1", "memory"):
            assert private not in json.dumps(robot.taken, ensure_ascii=False)


async def test_urgent_ones_call_everybody(robot: Robot) -> None:
    async with alerted(robot) as talk:
        await talk.say("我不想活了")
        await until(lambda: robot.taken)
        assert "【紧急】1001号 校园安全：有紧急咨询要人接手" in robot.said
        assert robot.taken[0]["text"]["mentioned_list"] == ["@all"]
        await talk.tick("2026-05-20T10:09:00+08:00")
        await talk.tick("2026-05-20T10:10:00+08:00")
        await talk.tick("2026-05-20T10:11:00+08:00")
        await until(lambda: "还没有人接手" in robot.said)
        await talk.act("王老师", "take")
        await talk.tick("2026-05-20T10:21:00+08:00")
        await talk.say("转人工", session="p2")
        await until(lambda: "1002号" in robot.said)
        assert robot.said.count("还没有人接手") == 1


async def test_targets_are_told_before_and_after(robot: Robot) -> None:
    async with alerted(robot) as talk:
        await talk.say("转人工", at="2026-05-20T10:00:00+08:00")
        await until(lambda: "接手" in robot.said)
        await talk.tick("2026-05-20T11:29:00+08:00")
        assert "快到时限" not in robot.said
        await talk.tick("2026-05-20T11:30:00+08:00")
        await until(lambda: "快到时限：第一次回复" in robot.said)
        await talk.tick("2026-05-20T12:00:00+08:00")
        await until(lambda: "已经超时：第一次回复" in robot.said)
        await talk.act("王老师", "take", at="2026-05-20T14:00:00+08:00")
        await talk.tick("2026-05-21T14:00:00+08:00")
        await until(lambda: "负责人太久没有动静，退回队列" in robot.said)
        assert len(re.findall("快到时限：第一次回复", robot.said)) == 1


async def test_an_owner_who_is_away_is_told_once_that_the_parent_wrote(robot: Robot) -> None:
    async with alerted(robot) as talk:
        await talk.say("转人工", at="2026-05-20T10:00:00+08:00")
        await talk.act("王老师", "take", at="2026-05-20T10:05:00+08:00")
        # at it: the parent's quick answers are no news
        await talk.say("我儿子张小明在谢家湾小学", at="2026-05-20T10:06:00+08:00")
        await talk.tick("2026-05-20T10:14:00+08:00")
        await talk.act("王老师", "reply", "几年级？", at="2026-05-20T10:14:30+08:00")
        await talk.tick("2026-05-20T10:40:00+08:00")
        assert "家长又来话" not in robot.said
        # away: however much the parent writes, it is told once
        await talk.say("三年级", at="2026-05-20T10:41:00+08:00")
        await talk.tick("2026-05-20T10:42:00+08:00")
        await until(lambda: "1001号 未定主题：家长又来话了，负责人还没看（王老师）" in robot.said)
        await talk.say("在吗", at="2026-05-20T10:43:00+08:00")
        await talk.tick("2026-05-20T10:44:00+08:00")
        await talk.tick("2026-05-20T11:44:00+08:00")
        # back, and away again
        await talk.act("王老师", "reply", "我问问学校。", at="2026-05-20T11:45:00+08:00")
        await talk.say("好", at="2026-05-20T11:46:00+08:00")
        await talk.tick("2026-05-20T11:54:00+08:00")
        await talk.say("转人工", session="p2", at="2026-05-20T11:54:00+08:00")
        await until(lambda: "1002号" in robot.said)
        assert robot.said.count("家长又来话") == 1
        await talk.tick("2026-05-20T11:55:00+08:00")
        await until(lambda: robot.said.count("家长又来话") == 2)
        for private in ("张小明", "谢家湾", "三年级", "在吗"):
            assert private not in json.dumps(robot.taken, ensure_ascii=False)


async def test_an_owner_who_has_looked_is_not_told_that_the_parent_wrote(robot: Robot) -> None:
    async with alerted(robot) as talk:
        await talk.say("转人工", at="2026-05-20T10:00:00+08:00")
        await talk.act("王老师", "take", at="2026-05-20T10:05:00+08:00")
        await talk.say("三年级", at="2026-05-20T10:41:00+08:00")
        looks = Audit(talk.desk.store.database)
        await looks.looked("李老师", "1001", datetime.fromisoformat("2026-05-20T10:41:20+08:00"))
        await looks.looked("王老师", "1001", datetime.fromisoformat("2026-05-20T10:41:30+08:00"))
        await talk.tick("2026-05-20T10:42:00+08:00")
        await talk.tick("2026-05-20T11:42:00+08:00")
        await talk.say("转人工", session="p2", at="2026-05-20T11:42:00+08:00")
        await until(lambda: "1002号" in robot.said)
        assert "家长又来话" not in robot.said
        # what a colleague saw tells the owner nothing
        await talk.say("在吗", at="2026-05-20T11:43:00+08:00")
        await looks.looked("李老师", "1001", datetime.fromisoformat("2026-05-20T11:43:20+08:00"))
        await talk.tick("2026-05-20T11:44:00+08:00")
        await until(lambda: "家长又来话" in robot.said)


async def test_more_than_twenty_a_minute_are_merged_and_nothing_is_lost(robot: Robot) -> None:
    async with alerted(robot) as talk:
        for n in range(60):
            await talk.say("转人工", session=f"p{n}")
            await asyncio.sleep(0.005)
        await until(lambda: all(f"{1001 + n}号" in robot.said for n in range(60)))
        assert robot.refused == []
        assert len(robot.taken) < 60
        for n in range(60):
            assert robot.said.count(f"{1001 + n}号") == 1


async def test_what_was_taken_meanwhile_is_no_news(robot: Robot) -> None:
    robot.down = True
    async with alerted(robot) as talk:
        await talk.say("转人工")
        await talk.say("转人工", session="p2")
        await asyncio.sleep(0.1)
        await talk.act("王老师", "take")
        robot.down = False
        await until(lambda: "1002号" in robot.said)
        assert "1001号" not in robot.said


async def test_a_robot_that_is_down_hears_it_later_and_the_log_holds_no_key(
    robot: Robot, caplog: pytest.LogCaptureFixture
) -> None:
    robot.down = True
    async with alerted(robot) as talk:
        await talk.say("转人工")
        await until(lambda: "refused" in caplog.text)
        robot.down = False
        await until(lambda: "1001号" in robot.said)
    robot.close()
    async with alerted(robot) as talk:
        await talk.say("转人工")
        await until(lambda: "cannot be reached" in caplog.text)
    assert KEY not in caplog.text


async def test_after_a_restart_nothing_is_told_twice(robot: Robot) -> None:
    async with open_talk() as talk:
        for words in ("转人工", "我不想活了"):
            webhook = StaffWebhook(talk.desk, robot.url, window_s=WINDOW_S)
            task = asyncio.create_task(webhook.run())
            before = len(robot.taken)
            await talk.say(words)
            await until(lambda before=before: len(robot.taken) > before)
            await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert [message["text"]["content"].count("号") for message in robot.taken] == [1, 1]


def test_what_does_not_fit_is_counted() -> None:
    lines = [f"{n}号 学校日常和投诉：有咨询要人接手" for n in range(1001, 1201)]
    text = merged(lines)
    assert len(text.encode()) <= LARGEST_BYTES
    shown = len(re.findall(r"^\d+号", text, re.MULTILINE))
    assert f"另有 {200 - shown} 件" in text


async def test_an_address_that_is_none() -> None:
    async with open_talk() as talk:
        with pytest.raises(ConfigError, match="BOT_STAFF_WEBHOOK_URL"):
            StaffWebhook(talk.desk, "qyapi.weixin.qq.com")
