"""wechatpy, which others wrote, behind one line of JSON a request: seal, open, parse, send."""

from __future__ import annotations

import json
import sys
from typing import Any

from wechatpy import WeChatClient, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException


def seal(token: str, key: str, app: str, xml: str, stamp: str, nonce: str) -> dict[str, Any]:
    return {"body": WeChatCrypto(token, key, app).encrypt_message(xml, nonce, stamp)}


def unseal(
    token: str, key: str, app: str, body: str, signature: str, stamp: str, nonce: str
) -> dict[str, Any]:
    text = WeChatCrypto(token, key, app).decrypt_message(body, signature, stamp, nonce)
    return {"xml": text if isinstance(text, str) else text.decode()}


def parse(xml: str) -> dict[str, Any]:
    found = parse_message(xml)
    return {"content": found.content, "to": found.target, "by": found.source}


def send(url: str, app: str, secret: str, openid: str, text: str) -> dict[str, Any]:
    class Client(WeChatClient):
        API_BASE_URL = f"{url}/cgi-bin/"

        def fetch_access_token(self) -> Any:
            params = {"grant_type": "client_credential", "appid": app, "secret": secret}
            return self._fetch_access_token(url=f"{url}/cgi-bin/token", params=params)

    try:
        return dict(Client(app, secret).message.send_text(openid, text))
    except WeChatClientException as error:
        return {"code": error.errcode}


ACTIONS = {"seal": seal, "open": unseal, "parse": parse, "send": send}

for line in sys.stdin:
    given = json.loads(line)
    print(json.dumps(ACTIONS[given.pop("do")](**given)), flush=True)
