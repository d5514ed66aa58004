"""What can be said to `rlm-mcp serve --http` and `rlm-mcp token`."""

import argparse
from pathlib import Path

from rlm_server.web.address import DEFAULT


def add_http(parser: argparse.ArgumentParser) -> None:
    """Add the options of serving over HTTP."""
    http = parser.add_argument_group("over HTTP")
    http.add_argument(
        "--http",
        nargs="?",
        const=DEFAULT,
        metavar="HOST:PORT",
        help=f"speak MCP over streamable HTTP instead (default address: {DEFAULT})",
    )
    http.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name clients call this server by, besides its address and those of the loopback",
    )
    http.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a site whose pages may ask (default: none)",
    )
    http.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain (PEM)")
    http.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key (PEM)")
    http.add_argument(
        "--behind-proxy",
        action="store_true",
        help="TLS ends before us: allow plain HTTP on an address that others reach",
    )
    http.add_argument(
        "--no-token", action="store_true", help="ask for no token; on the loopback only"
    )
    http.add_argument(
        "--rate",
        type=_rate,
        default=50.0,
        metavar="N",
        help="requests a second from one client in the long run (default: 50)",
    )
    http.add_argument(
        "--max-body",
        type=_mebibytes,
        default=4,
        metavar="MIB",
        help="largest request in MiB (default: 4)",
    )


def add_token(parser: argparse.ArgumentParser) -> None:
    """Add `new`, `list` and `revoke`."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument("--verbose", action="store_true", help="log more to standard error")
    common.set_defaults(root=[], allow_wide=False)
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    made = acts.add_parser("new", parents=[common], help="make one, shown this once")
    made.add_argument(
        "name",
        nargs="?",
        default="owner",
        metavar="AGENT",
        help="who it is for: an agent, with what memory grant gives it (default: the owner)",
    )
    made.add_argument("--days", type=_days, metavar="N", help="until then (default: for ever)")
    acts.add_parser("list", parents=[common], help="whose there are; not the tokens themselves")
    revoked = acts.add_parser("revoke", parents=[common], help="take one away, at once")
    revoked.add_argument("name", metavar="NAME")


def _rate(text: str) -> float:
    return _between(float(text), 0.1, 100_000.0)


def _mebibytes(text: str) -> int:
    return int(_between(int(text), 1, 1_024))


def _days(text: str) -> float:
    return _between(float(text), 0.0, 36_500.0)


def _between(number: float, least: float, most: float) -> float:
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{number:g} is not between {least:g} and {most:g}")
    return number
