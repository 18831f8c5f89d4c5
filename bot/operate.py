"""The commands of whoever runs the desk: its figures, staff accounts, WeChat's menu."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot import build
from bot.config import Settings, read_settings
from bot.engine import wall_clock
from bot.errors import BotError, ChannelError, ConfigError
from bot.faq import load
from bot.hours import calendar
from bot.storage.accounts import Accounts, Role
from bot.storage.staff_chats import StaffChats
from bot.storage.store import Store

FaqOption = Annotated[Path | None, typer.Option("--faq", help="用另一个 FAQ 文件夹")]


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    staff = typer.Typer(help="工作人员账号")
    app.add_typer(staff, name="staff")
    wechat = typer.Typer(help="微信公众号")
    app.add_typer(wechat, name="wechat")

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
        asyncio.run(_stats(settings_with(faq), weeks, csv=csv, misses=misses))

    @staff.command("add")
    def staff_add(
        name: Annotated[str, typer.Argument(help="家长看到的称呼，如 王老师")],
        admin: Annotated[bool, typer.Option("--admin", help="让他当管理员")] = False,
    ) -> None:
        """添加账号（已有的就只给新链接），打印一次性登录链接。"""
        asyncio.run(_add(read_settings(), name, admin))

    @staff.command("link")
    def staff_link(name: str) -> None:
        """给已有的账号打印一条新的一次性登录链接。"""
        asyncio.run(_link(read_settings(), name))

    @staff.command("list")
    def staff_list() -> None:
        """列出账号。"""
        asyncio.run(_list(read_settings()))

    @staff.command("bind")
    def staff_bind(name: str) -> None:
        """打印一次性绑定码：在 Telegram 里发 /bind 绑定码，就能在那里接手和回复。"""
        asyncio.run(_bind(read_settings(), name))

    @staff.command("disable")
    def staff_disable(name: str) -> None:
        """停用账号。"""
        asyncio.run(_disable(read_settings(), name))

    @wechat.command("menu")
    def wechat_menu(faq: FaqOption = None) -> None:
        """按 faq/menu.yaml 更新公众号底部的菜单。"""
        asyncio.run(_wechat_menu(settings_with(faq)))


def settings_with(faq: Path | None) -> Settings:
    """Return the settings, with that FAQ folder in place of theirs if there is one."""
    settings = read_settings()
    return settings if faq is None else replace(settings, faq_dir=str(faq))


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Store]:
    store = await Store.open(settings.data / build.DATABASE)
    try:
        yield store
    finally:
        await store.close()


async def _stats(settings: Settings, weeks: int, *, csv: bool, misses: bool) -> None:
    from rich.console import Console

    from bot.figures import counting, table, terminal
    from bot.learning.queue import LearningQueue
    from bot.storage import figures as stored
    from bot.storage.reviews import Reviews

    mind = (
        build.understanding(settings, lambda text: typer.echo(text, err=True)) if misses else None
    )
    since, until = counting.span(wall_clock(), weeks)
    served = load(settings.faq)
    titles, office = table.titles(served), calendar(served.hours)
    async with _store(settings) as store:
        turns = await stored.turns(store.database, since, until)
        inquiries = await stored.inquiries(store.database, since, until)
        queue = LearningQueue(Reviews(store.database), lambda: mind) if mind else None
        groups = await queue.groups() if queue else []
    counted = counting.counted(turns, inquiries, office)
    if csv:
        typer.echo(table.as_csv(counted, titles, office).rstrip())
        return
    terminal.show(counted, turns, titles, office, Console())
    if mind:
        terminal.show_misses(groups, mind.faq, Console())


async def _add(settings: Settings, name: str, admin: bool) -> None:
    async with _store(settings) as store:
        accounts = Accounts(store)
        if name.strip() not in {account.name for account in await accounts.list()}:
            await accounts.add(name, Role.ADMIN if admin else Role.STAFF)
        elif admin:
            await accounts.set_role(name, Role.ADMIN)
    await _link(settings, name)


async def _link(settings: Settings, name: str) -> None:
    async with _store(settings) as store:
        token = await Accounts(store).create_link(name, wall_clock())
    typer.echo(
        "登录链接（只能用一次，一天内有效）："
        f"http://{settings.host}:{settings.port}/staff/sign-in#{token}"
    )


async def _list(settings: Settings) -> None:
    async with _store(settings) as store:
        for account in await Accounts(store).list():
            role = "（管理员）" if account.role is Role.ADMIN else ""
            typer.echo(f"{account.name}{role}{'（已停用）' if account.disabled else ''}")


async def _bind(settings: Settings, name: str) -> None:
    async with _store(settings) as store:
        code = await StaffChats(store.database).create_code(name, wall_clock())
    typer.echo(
        f"绑定码（只能用一次，一小时内有效）：{code}\n"
        f"在 Telegram 里对机器人发：/bind {code}\n"
        f"绑定以后，把机器人拉进工作群，在群里发 /bind_group，群里就会收到待接手的提醒"
    )


async def _disable(settings: Settings, name: str) -> None:
    async with _store(settings) as store:
        await Accounts(store).disable(name)
    typer.echo(f"{name} 已停用")


async def _wechat_menu(settings: Settings) -> None:
    from bot.channels.wechat.api import Api, Refused
    from bot.channels.wechat.menu import menu_buttons

    if not settings.wechat_app_id or not settings.wechat_app_secret:
        raise ConfigError("先设好 BOT_WECHAT_APP_ID 和 BOT_WECHAT_APP_SECRET，才能更新菜单")
    buttons = menu_buttons(load(settings.faq))
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
    typer.echo(
        f"菜单已更新：{len(buttons)} 个按钮，下面 {below} 个。"
        "手机上最迟24小时看到；取消关注再关注，马上看到"
    )
