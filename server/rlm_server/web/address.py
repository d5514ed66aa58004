"""Where to listen, and by which names that may be asked for."""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rlm_server.errors import CannotListen, Misused
from rlm_server.web.guard import LOOPBACK_NAMES, Names, without_port

DEFAULT: Final = "127.0.0.1:8719"
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104  # to be told apart, not bound
_BACKLOG = 256


@dataclass(frozen=True, slots=True)
class Address:
    """A host, as name or number, without brackets, and a port; 0 is any that is free."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `HOST:PORT`, `[v6]:PORT`, or a port of the loopback; Misused for anything else."""
        host, _, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") if text.startswith("[") else host
        if text.isdecimal():
            host, port = "127.0.0.1", text
        if not host or not port.isdecimal() or int(port) > 65_535 or (":" in host) != ("[" in text):
            raise Misused(f"{text!r} is no HOST:PORT, such as {DEFAULT} or [::1]:8719.")
        return cls(host, int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def as_host(self) -> str:
        """The host as a URL has it."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def called(self) -> str:
        """The host as a client on this machine calls it."""
        return "localhost" if self.host in _WILDCARDS else self.as_host

    def names(self, hosts: Iterable[str], origins: Iterable[str]) -> Names:
        """The names that a Host header may have: the loopback's, its own, and those given."""
        own = () if self.host in _WILDCARDS else (self.as_host.lower(),)
        given = tuple(each.lower() for each in hosts)
        for each in given:
            if not without_port(each):
                raise Misused(f"--allow-host {each!r} is no name or name:port.")
        allowed = frozenset(each.lower().rstrip("/") for each in origins)
        for each in allowed:
            if not each.startswith(("http://", "https://")) or each.count("/") != 2:
                raise Misused(f"--allow-origin {each!r} is none, such as https://notes.example.")
        return Names(LOOPBACK_NAMES | {*own, *given}, allowed)

    def listening(self) -> socket.socket:
        """A socket that listens there; CannotListen where that cannot be."""
        host = "127.0.0.1" if self.host.lower() == "localhost" else self.host
        try:
            family = socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM)[0][0]
            return socket.create_server((host, self.port), family=family, backlog=_BACKLOG)
        except OSError as error:
            told = error.strerror or type(error).__name__
            raise CannotListen(f"{self.as_host}:{self.port}: {told}") from None
