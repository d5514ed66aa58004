"""Which tools a server offers: its operator's choice, made when it is started."""

from typing import Literal

Toolset = Literal["core", "memory", "repl", "full"]
"""`core` are ten tools, `memory` and `repl` add their own to these, `full` is all there are."""
