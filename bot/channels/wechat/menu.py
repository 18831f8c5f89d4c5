"""faq/menu.yaml as WeChat takes it. Pure."""

from __future__ import annotations

from typing import Any

from bot.faq.value import Faq


def menu_buttons(faq: Faq) -> list[dict[str, Any]]:
    """Return the account's menu; the lint has seen to its limits.

    https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html
    """

    def button(item: Any) -> dict[str, Any]:
        if item.url:
            return {"type": "view", "name": item.name, "url": item.url}
        return {"type": "click", "name": item.name, "key": item.key}

    return [
        {"name": each.name, "sub_button": [button(item) for item in each.buttons]}
        if each.buttons
        else button(each)
        for each in faq.menu.buttons
    ]
