"""The commands: serve (the default), ask, chat, check, eval, config, staff."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import build
from bot.config import Settings, described, read_settings
from bot.dialogue import Handler
from bot.engine import wall_clock
from bot.errors import BotError, ChannelError, ConfigError
from bot.jsonl import DEFAULT_TIME, Chat, ask_lines, chat_lines
from bot.matching.understand import Understanding
from bot.model import CHONGQING

FaqOption = Annotated[Path | None, typer.Option("--faq", help="用另一个 FAQ 文件夹")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="当作这一天，如 2027-09-01；不写就是今天")]
_NOON = clock_time(12, tzinfo=CHONGQING)


def make_app(handlers: Sequence[Handler]) -> typer.Typer:
    """Return the command line on these handlers."""
    app = typer.Typer(
        add_completion=False,
        help="九龙坡家长咨询台。不带命令就启动服务。",
        pretty_exceptions_enable=False,
    )
    staff = typer.Typer(help="工作人员账号")
    app.add_typer(staff, name="staff")
    wechat = typer.Typer(help="微信公众号")
    app.add_typer(wechat, name="wechat")

    @app.callback(invoke_without_command=True)
    def main(context: typer.Context) -> None:
        _utf8()
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
        # At DEBUG it would log parents' words.
        logging.getLogger("aiosqlite").setLevel(logging.WARNING)
        if context.invoked_subcommand is None:
            from bot.serve import serve

            asyncio.run(serve(read_settings(), handlers))

    @app.command()
    def ask(
        question: Annotated[str, typer.Argument(help="要试的问题")] = "",
        jsonl: Annotated[bool, typer.Option("--jsonl", help="从标准输入逐行读 JSON")] = False,
        why: Annotated[bool, typer.Option("--why", help="把原因说清楚：像哪条、差多少")] = False,
        faq: FaqOption = None,
        as_of: AsOfOption = "",
    ) -> None:
        """试问一句，看答复和原因。"""
        day = _day(as_of)
        mind = _mind(faq)

        async def run() -> None:
            async with build.throw_away_desk(mind, handlers) as desk:
                if jsonl:
                    now = datetime.combine(day, _NOON) if as_of else DEFAULT_TIME
                    await ask_lines(desk, sys.stdin, sys.stdout, time.perf_counter, now)
                else:
                    at = datetime.combine(day, _NOON).isoformat()
                    result = await Chat(desk).line(_line(text=question, at=at))
                    _show(result)
                    reasons = mind.why(question)
                    if why:
                        from bot.exam.why import explained

                        thresholds = mind.model.answer_at, mind.model.ask_at
                        titles = {entry.id: entry.title for entry in mind.faq.entries.values()}
                        reasons = explained(result, titles, thresholds, reasons)
                    _echo("\n".join(reasons))

        if not jsonl and not question.strip():
            raise BotError('请在后面写上要试的问题，如 ask "几岁能上小学"')
        asyncio.run(run())

    @app.command()
    def chat(
        jsonl: Annotated[bool, typer.Option("--jsonl", help="从标准输入逐行读 JSON")] = False,
        db: Annotated[Path | None, typer.Option("--db", help="把对话存在这个文件里")] = None,
        faq: FaqOption = None,
    ) -> None:
        """在终端里对话。"""
        mind = _mind(faq)

        async def run() -> None:
            async with build.throw_away_desk(mind, handlers, db) as desk:
                if jsonl:
                    await chat_lines(desk, sys.stdin, sys.stdout)
                    return
                conversation = Chat(desk)
                _echo(mind.faq.say("welcome"))
                while True:
                    try:
                        words = await asyncio.to_thread(input, "> ")
                    except (EOFError, KeyboardInterrupt):
                        return
                    now = wall_clock().isoformat()
                    _show(await conversation.line(_line(text=words, at=now)))

        asyncio.run(run())

    @app.command()
    def check(
        faq: FaqOption = None,
        exam: Annotated[
            bool, typer.Option("--exam", help="再考一遍：自带的考题、must.yaml、抢答")
        ] = False,
        as_of: AsOfOption = "",
        lines: Annotated[
            bool, typer.Option("--lines", help="一行一个“文件:行:列: 级别: 说明”，给编辑器和 CI 用")
        ] = False,
    ) -> None:
        """检查 FAQ 文件，一次列出所有问题。"""
        from bot.faq.lint import check as lint
        from bot.faq.lint import unset
        from bot.faq.load import read
        from bot.faq.must import read_must
        from bot.faq.problem import as_compilers_do

        folder = faq or read_settings().faq
        words, _ = read(folder)
        problems = [*lint(folder, _day(as_of)), *read_must(folder, words).problems]
        wrong = sum(problem.level == "error" for problem in problems)
        if lines:
            for problem in problems:
                _echo(as_compilers_do(problem, folder.as_posix()))
            raise typer.Exit(1 if wrong else 0)
        for problem in problems:
            _echo(problem.announced)
        _echo(f"{wrong} 处错误，{len(problems) - wrong} 处提醒")
        if words is not None:
            missing = unset(words)
            for name, label, used_by in missing:
                _echo(f"  未填：{name}（{label}），用在 {'、'.join(used_by) or '——'}")
            _echo(f"还有 {len(missing)} 项未填（在 {folder / 'local.yaml'} 里填）")
        if exam and not wrong:
            from bot.exam.commands import examine

            mind = _mind(faq)
            _say(f"正在考 {len(mind.faq.exam)} 题，再用各条自己的说法互相试，要几分钟……")
            wrong = examine(mind, handlers, folder, _echo)
        raise typer.Exit(1 if wrong else 0)

    @app.command("eval")
    def evaluate(
        file: Annotated[
            Path | None, typer.Argument(help="带标签的问题，JSON Lines；不写就用 FAQ 自带的考题")
        ] = None,
        faq: FaqOption = None,
        misses: Annotated[bool, typer.Option("--wrong", help="列出没答对的")] = False,
        report: Annotated[
            bool, typer.Option("--report", help="得分之后，再列门槛、把握和最常弄混的")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="给程序看，写成 JSON")] = False,
    ) -> None:
        """用带标签的问题打分。"""
        from bot.exam.commands import evaluate_file, evaluate_own

        mind = _mind(faq)
        if file is None:
            _say(f"正在考 {len(mind.faq.exam)} 题，要一两分钟……")
            evaluate_own(mind, handlers, _echo, list_misses=misses, as_json=as_json)
        else:
            evaluate_file(
                mind,
                handlers,
                file,
                _echo,
                list_misses=misses,
                report=report,
                as_json=as_json,
            )

    @app.command()
    def stats(
        weeks: Annotated[int, typer.Option("--weeks", min=1, max=520, help="近几周")] = 4,
        csv: Annotated[bool, typer.Option("--csv", help="打印表格（CSV）")] = False,
        misses: Annotated[
            bool, typer.Option("--misses", help="再列没听懂最多的各组（要先读入学会的说法）")
        ] = False,
        faq: FaqOption = None,
    ) -> None:
        """统计：了结、转人工、没听懂、没帮助、评价、首次回复、几点最忙。"""
        mind = _mind(faq) if misses else None
        asyncio.run(_stats(read_settings(), weeks, csv=csv, faq=faq, mind=mind))

    @app.command()
    def config() -> None:
        """列出所有设置和它们的意思。"""
        for name, value, meaning in described(read_settings()):
            _echo(f"{name}={value}\n    {meaning}")

    @app.command(hidden=True)
    def rehearse() -> None:
        """Try a change of the FAQ; the console starts this as a process of its own."""
        from bot.editing.rehearsal import rehearse as tried

        job = json.loads(sys.stdin.read())
        done = asyncio.run(tried(job, handlers))
        _echo(json.dumps(done, ensure_ascii=False))

    @staff.command("add")
    def staff_add(
        name: Annotated[str, typer.Argument(help="家长看到的称呼，如 王老师")],
        admin: Annotated[bool, typer.Option("--admin", help="让他当管理员")] = False,
    ) -> None:
        """添加账号（已有的就只给新链接），打印一次性登录链接。"""
        asyncio.run(_with_accounts(read_settings(), _add, name, admin))

    @staff.command("link")
    def staff_link(name: str) -> None:
        """给已有的账号打印一条新的一次性登录链接。"""
        asyncio.run(_with_accounts(read_settings(), _link, name))

    @staff.command("list")
    def staff_list() -> None:
        """列出账号。"""
        asyncio.run(_with_accounts(read_settings(), _list))

    @staff.command("bind")
    def staff_bind(name: str) -> None:
        """打印一次性绑定码：在 Telegram 里发 /bind 绑定码，就能在那里接手和回复。"""
        asyncio.run(_bind(read_settings(), name))

    @staff.command("disable")
    def staff_disable(name: str) -> None:
        """停用账号。"""
        asyncio.run(_with_accounts(read_settings(), _disable, name))

    @wechat.command("menu")
    def wechat_menu(faq: FaqOption = None) -> None:
        """按 faq/menu.yaml 更新公众号底部的菜单。"""
        asyncio.run(_wechat_menu(read_settings(), faq))

    return app


def run(handlers: Sequence[Handler]) -> int:
    """Run the command line and return the exit code; our own errors are said without a trace."""
    try:
        make_app(handlers)(standalone_mode=True)
    except BotError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _day(as_of: str) -> date:
    """Return the day meant; raises BotError when it is none."""
    try:
        return date.fromisoformat(as_of) if as_of else wall_clock().date()
    except ValueError:
        raise BotError(f"{as_of} 不是日期；请写成 2027-09-01 这样") from None


def _mind(faq: Path | None) -> Understanding:
    settings = read_settings()
    if faq is not None:
        settings = replace(settings, faq_dir=str(faq))
    return build.understanding(settings, _say)


async def _stats(
    settings: Settings, weeks: int, *, csv: bool, faq: Path | None, mind: Understanding | None
) -> None:
    from rich.console import Console

    from bot.faq.load import load
    from bot.figures import counting, table, terminal
    from bot.hours import calendar
    from bot.learning.queue import LearningQueue
    from bot.storage import figures as stored
    from bot.storage.reviews import Reviews
    from bot.storage.store import Store

    since, until = counting.span(wall_clock(), weeks)
    served = load(faq or settings.faq)
    titles, office = table.titles(served), calendar(served.hours)
    store = await Store.open(settings.data / build.DATABASE)
    try:
        turns = await stored.turns(store.database, since, until)
        inquiries = await stored.inquiries(store.database, since, until)
        queue = LearningQueue(Reviews(store.database), lambda: mind) if mind else None
        groups = await queue.groups() if queue else []
    finally:
        await store.close()
    counted = counting.counted(turns, inquiries, office)
    if csv:
        _echo(table.as_csv(counted, titles, office).rstrip())
    else:
        terminal.show(counted, turns, titles, office, Console())
        if mind:
            terminal.show_misses(groups, mind.faq, Console())


async def _with_accounts(settings: Settings, do: Any, *arguments: Any) -> None:
    from bot.storage.accounts import Accounts
    from bot.storage.store import Store

    store = await Store.open(settings.data / build.DATABASE)
    try:
        await do(Accounts(store), settings, *arguments)
    finally:
        await store.close()


async def _add(accounts: Any, settings: Settings, name: str, admin: bool) -> None:
    from bot.storage.accounts import Role

    if name.strip() not in {account.name for account in await accounts.list()}:
        await accounts.add(name, Role.ADMIN if admin else Role.STAFF)
    elif admin:
        await accounts.set_role(name, Role.ADMIN)
    await _link(accounts, settings, name)


async def _link(accounts: Any, settings: Settings, name: str) -> None:
    token = await accounts.create_link(name, wall_clock())
    _echo(
        "登录链接（只能用一次，一天内有效）："
        f"http://{settings.host}:{settings.port}/staff/sign-in#{token}"
    )


async def _list(accounts: Any, _: Settings) -> None:
    for account in await accounts.list():
        role = "（管理员）" if account.role == "admin" else ""
        _echo(f"{account.name}{role}{'（已停用）' if account.disabled else ''}")


async def _bind(settings: Settings, name: str) -> None:
    from bot.storage.staff_chats import StaffChats
    from bot.storage.store import Store

    store = await Store.open(settings.data / build.DATABASE)
    try:
        code = await StaffChats(store.database).create_code(name, wall_clock())
    finally:
        await store.close()
    _echo(
        f"绑定码（只能用一次，一小时内有效）：{code}\n"
        f"在 Telegram 里对机器人发：/bind {code}\n"
        f"绑定以后，把机器人拉进工作群，在群里发 /bind_group，群里就会收到待接手的提醒"
    )


async def _disable(accounts: Any, _: Settings, name: str) -> None:
    await accounts.disable(name)
    _echo(f"{name} 已停用")


async def _wechat_menu(settings: Settings, faq: Path | None) -> None:
    from bot.channels.wechat.api import Api, Refused
    from bot.channels.wechat.menu import menu_buttons
    from bot.faq import load

    if not settings.wechat_app_id or not settings.wechat_app_secret:
        raise ConfigError("先设好 BOT_WECHAT_APP_ID 和 BOT_WECHAT_APP_SECRET，才能更新菜单")
    buttons = menu_buttons(load(faq or settings.faq))
    if not buttons:
        raise BotError("menu.yaml 里没有按钮，公众号的菜单没有动")
    api = Api(settings.wechat_app_id, settings.wechat_app_secret, settings.wechat_api_url)
    try:
        await api.create_menu(buttons)
    except ChannelError as error:
        remedy = error.remedy if isinstance(error, Refused) else "连不上微信，请稍后再试"
        raise BotError(f"菜单没有更新：{remedy or '微信没有收下'}（{error}）") from None
    finally:
        await api.close()
    below = sum(len(button.get("sub_button", ())) for button in buttons)
    _echo(
        f"菜单已更新：{len(buttons)} 个按钮，下面 {below} 个。"
        "手机上最迟24小时看到；取消关注再关注，马上看到"
    )


def _show(result: dict[str, Any]) -> None:
    """Print a turn as a person reads it."""
    for reply in result["replies"]:
        _echo(reply["text"])
        for place, option in enumerate(reply["options"], start=1):
            _echo(f"  {place}. {option}")
    if result["error"]:
        _echo(result["error"])
    inquiry = result["inquiry"]
    if inquiry:
        _echo(f"〔{inquiry['number']}号 {inquiry['status']}〕")


def _line(**values: str) -> str:
    values.setdefault("session", "terminal")
    return json.dumps(values, ensure_ascii=False)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _echo(text: str) -> None:
    typer.echo(text)


def _utf8() -> None:
    """Speak UTF-8 on every terminal and pipe."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
