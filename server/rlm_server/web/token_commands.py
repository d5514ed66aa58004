"""`rlm-mcp token`: who may come in over HTTP."""

import argparse
import time
from collections.abc import Mapping

from rlm_crystal.home import Home

from rlm_server.commands import Told
from rlm_server.web.tokens import OWNERS, TokenBook

_DAY_S = 86_400.0


def token_command(options: argparse.Namespace, environ: Mapping[str, str]) -> Told:
    """What an act of `rlm-mcp token` tells."""
    book = TokenBook(Home.from_environ(environ))
    match options.act:
        case "new":
            return _new(book, options.name, options.days)
        case "revoke":
            book.revoke(options.name)
            return Told({"revoked": options.name}, f"Revoked: {options.name} gets in no more.")
        case _:
            return _list(book)


def _new(book: TokenBook, name: str, days: float | None) -> Told:
    token = book.new(name, days=days)
    may = (
        "everything."
        if name == OWNERS
        else f"ask and search; the memory is closed to it until rlm-mcp memory grant {name} ZONE."
    )
    return Told(
        {"name": name, "token": token, "days": days},
        token,
        remark=f"For {name}, who may {may} It is shown this once; only its digest is kept.",
    )


def _list(book: TokenBook) -> Told:
    now_s = time.time()
    fields = [
        {
            "name": each.name,
            "made_days_ago": round((now_s - each.made_s) / _DAY_S, 1),
            "expires_in_days": None
            if each.expires_s is None
            else round((each.expires_s - now_s) / _DAY_S, 1),
        }
        for each in book.tokens()
    ]
    lines = [
        f"{each['name']}: made {each['made_days_ago']} days ago, {_ending(each['expires_in_days'])}"
        for each in fields
    ]
    return Told({"tokens": fields}, "\n".join(lines or ["There are none: rlm-mcp token new"]))


def _ending(days: object) -> str:
    if not isinstance(days, float):
        return "does not expire"
    return f"expires in {days} days" if days > 0 else f"expired {-days} days ago"
