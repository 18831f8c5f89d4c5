"""aiogram tries a Bot API server: every call the desk makes, read by a second, strict library.

usage: aiogram_client.py URL TOKEN plain|faults     (run by the venv that install.sh makes)
Prints one JSON object: what each call came to. With `faults` the server has been told what to do.
"""

import asyncio
import json
import sys


async def tried(call):
    from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter

    try:
        result = await call
    except TelegramRetryAfter as error:
        return f"{type(error).__name__} {error.retry_after}"
    except TelegramAPIError as error:
        return type(error).__name__
    if isinstance(result, list):
        return [(u.update_id, u.event_type) for u in result]
    return getattr(result, "text", None) or getattr(result, "username", None) or repr(result)[:60]


async def main():
    # Not at the top: the desk's own venv, whose pytest looks into this file, has no aiogram.
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import (
        BotCommand,
        InlineKeyboardButton,
        InlineKeyboardMarkup,
        MenuButtonCommands,
    )

    url, token, mode = sys.argv[1:]
    server = TelegramAPIServer.from_base(url)
    bot = Bot(token, AiohttpSession(api=server))
    keyboard = InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text="好", callback_data="c1.1")]]
    )
    said = {}
    if mode == "faults":
        for n in range(6):
            said[f"send{n}"] = await tried(bot.send_message(5, f"第{n}条"))
        said["updates"] = await tried(bot.get_updates(timeout=1))
    else:
        said["me"] = await tried(bot.get_me())
        commands = [BotCommand(command="menu", description="菜单")]
        said["commands"] = await tried(bot.set_my_commands(commands))
        said["button"] = await tried(bot.set_chat_menu_button(menu_button=MenuButtonCommands()))
        said["typing"] = await tried(bot.send_chat_action(5, "typing"))
        sent = await bot.send_message(5, "<b>好</b>", parse_mode="HTML", reply_markup=keyboard)
        said["sent"] = [sent.chat.id, bool(sent.reply_markup), sent.from_user.is_bot]
        edited = await bot.edit_message_text("改好了", chat_id=5, message_id=sent.message_id)
        said["edited"] = edited.text
        said["answered"] = await tried(bot.answer_callback_query("1", text="好"))
        said["updates"] = await tried(bot.get_updates(timeout=1))
        said["webhook"] = (await bot.get_webhook_info()).url
    await bot.session.close()
    sys.stdout.write(json.dumps(said, ensure_ascii=False))


if __name__ == "__main__":
    asyncio.run(main())
