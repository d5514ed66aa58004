"""What a resource is: something to read at a URI, as text; nothing here knows a transport."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource, or a family of them where `uri` is a template with variables in braces.

    `read(host, **variables)` gives the text; every variable is a str and may be empty.
    """

    uri: str
    name: str
    title: str
    description: str
    read: Callable[..., Awaitable[str]]

    @property
    def is_template(self) -> bool:
        """Whether it stands for many."""
        return "{" in self.uri
