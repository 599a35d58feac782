"""Answer a visitor who asks to be admitted: decides by the ticket in the cookie and the room's counters.

`GET` or `POST /.room/{room}/admit`, behind API Gateway (Lambda proxy). Browsers are sent on by 303: admitted ones with
a pass to the path in `return`, others to the waiting page. Whoever accepts JSON gets JSON.
"""

from __future__ import annotations

import base64
import json
import os
import re
import time
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

import boto3
from aws_lambda_powertools import Logger

from handlers.waiting_room.admission import Admitted, Refused, Terms, admit
from handlers.waiting_room.places import Tables
from handlers.waiting_room.secret import NoKeys, Secret
from handlers.waiting_room.settings import Settings
from handlers.waiting_room.tickets import BadTicket, Keys, Ticket, read_ticket, write_pass

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

LONGEST_RETURN = 2_000
OPENS_S = 30
"""When to ask again while the room has no keys yet, in seconds."""

# One slash and no backslash: a path of this address, and never another host.
_PATH = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?", re.ASCII)
_TITLES = {
    "busy": "Your request is under way",
    "early": "It isn't your turn yet",
    "full": "There is no room at the moment",
    "used": "This ticket has been used",
}

settings = Settings.from_environment(os.environ)
logger = Logger()
tables = Tables(
    dynamodb=boto3.client("dynamodb"),
    tickets=settings.tickets_table,
    rooms=settings.rooms_table,
    life_s=settings.lives,
)
secret = Secret(boto3.client("secretsmanager"), settings.secret)

Answer = dict[str, Any]


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Answer:
    """Answer one request."""
    return Request(event).answer(context.aws_request_id, time.time())


class Request:
    """One request, as API Gateway passes it on."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.room: str = (event.get("pathParameters") or {}).get("room", "")
        headers = {name.lower(): values for name, values in (event.get("multiValueHeaders") or {}).items()}
        self.cookie = "; ".join(headers.get("cookie", []))
        self.json = any("application/json" in value for value in headers.get("accept", []))
        self.back = _back(event)

    def answer(self, owner: str, now: float) -> Answer:
        """Admit, or say why not."""
        if self.room not in settings.rooms:
            return _problem(404, "There is no such room")
        try:
            keys = self._keys()
            ticket = self._ticket(keys, now)
        except NoKeys:
            return _problem(503, "The room isn't open yet", retry_s=OPENS_S)
        except BadTicket as problem:
            logger.info("refused", room=self.room, reason="ticket", detail=str(problem))
            return self._new_ticket("The ticket is no good")
        room = settings.rooms[self.room]
        terms = Terms(session_s=room.session_s, renewals=room.renewals, retry_s=room.poll_s)
        outcome = admit(ticket, owner, now, tables, terms)
        if isinstance(outcome, Admitted):
            logger.info("admitted", room=self.room, waited_s=round(now - ticket.arrival), again=outcome.again)
            return self._pass(ticket, outcome.expires, keys, now)
        logger.info("refused", room=self.room, reason=outcome.reason)
        return self._new_ticket(_TITLES["used"]) if outcome.reason == "used" else self._wait(outcome)

    def _keys(self) -> Keys:
        try:
            return Keys.of(secret.rooms()[self.room])
        except KeyError:
            raise NoKeys(self.room) from None

    def _ticket(self, keys: Keys, now: float) -> Ticket:
        try:
            cookie = SimpleCookie(self.cookie).get(f"room-{self.room}-ticket")
        except CookieError as problem:
            raise BadTicket("the cookies can't be read") from problem
        if cookie is None:
            raise BadTicket("there is none")
        return read_ticket(cookie.value, self.room, keys, now=now, life_s=settings.rooms[self.room].life_s)

    def _pass(self, ticket: Ticket, expires: int, keys: Keys, now: float) -> Answer:
        value = write_pass(self.room, expires, ticket.nonce, keys)
        cookies = [_cookie(f"room-{self.room}-pass", value, max(1, int(expires - now)))]
        if self.json:
            return _answer(200, {"admitted": True, "expires": expires}, cookies=cookies)
        return _see(self.back, cookies)

    def _wait(self, refused: Refused) -> Answer:
        if self.json:
            return _problem(429, _TITLES[refused.reason], retry_s=refused.retry_s, reason=refused.reason)
        return _see(f"/.room/{self.room}/status?return={quote(self.back, safe='/')}", [])

    def _new_ticket(self, title: str) -> Answer:
        cookies = [_cookie(f"room-{self.room}-ticket", "", 0)]
        return _problem(403, title, cookies=cookies) if self.json else _see(self.back, cookies)


def _back(event: dict[str, Any]) -> str:
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode(errors="replace")
    form = parse_qs(body) if event.get("httpMethod") == "POST" else event.get("multiValueQueryStringParameters") or {}
    path = (form.get("return") or ["/"])[0]
    return path if len(path) <= LONGEST_RETURN and _PATH.fullmatch(path) else "/"


def _cookie(name: str, value: str, max_age_s: int) -> str:
    return f"{name}={value}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age={max_age_s}"


def _see(path: str, cookies: list[str]) -> Answer:
    return _answer(303, None, cookies=cookies, headers={"Location": path})


def _problem(status: int, title: str, *, retry_s: int = 0, cookies: list[str] | None = None, **more: str) -> Answer:
    body = {"type": "about:blank", "title": title, "status": status, **more}
    headers = {"Content-Type": "application/problem+json", **({"Retry-After": str(retry_s)} if retry_s else {})}
    return _answer(status, body, cookies=cookies or [], headers=headers)


def _answer(
    status: int, body: dict[str, Any] | None, *, cookies: list[str], headers: dict[str, str] | None = None
) -> Answer:
    shown = {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})}
    return {
        "statusCode": status,
        "headers": shown,
        "multiValueHeaders": {"Set-Cookie": cookies},
        "body": "" if body is None else json.dumps(body),
    }
