"""What of the memory a model may see and change, as the operator says in the environment.

RLM_MEMORY_ZONE     the highest zone that prompts and the tools of the owner's client see; internal
RLM_MEMORY_AGENT    the name under which that client's tools write; assistant
RLM_MEMORY_USD      for summaries by the sub-model, each consolidation; 0: none are asked for
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from rlm_tools.memory.desk import Zone

from rlm_server.errors import SettingRefused

if TYPE_CHECKING:
    from rlm_memory.grants import Right

_ZONES: tuple[Zone, ...] = get_args(Zone)
_NAME_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class MemoryReach:
    """The zones up to `zone` are open to models; `agent` is who a model of the owner writes as."""

    zone: Zone = "internal"
    agent: str = "assistant"
    summary_usd: float = 0.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, summary_usd: float) -> "MemoryReach":
        """SettingRefused for what is no zone, or no name."""
        zone = environ.get("RLM_MEMORY_ZONE", "").strip() or "internal"
        if zone not in _ZONES:
            raise SettingRefused(f"RLM_MEMORY_ZONE is {zone!r}; give one of {', '.join(_ZONES)}.")
        agent = environ.get("RLM_MEMORY_AGENT", "").strip() or "assistant"
        if len(agent) > _NAME_CHARS_MAX or not agent.isprintable():
            raise SettingRefused("RLM_MEMORY_AGENT is no name: give up to 100 characters.")
        return cls(zone, agent, summary_usd)

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The zones that are open to models."""
        return _ZONES[: _ZONES.index(self.zone) + 1]

    @property
    def standing(self) -> "frozenset[tuple[Zone, Right]]":
        """What the owner's client may do without a grant: nothing that takes from what others
        said, as its model may have read hostile text."""
        rights: tuple[Right, ...] = ("read", "write", "consolidate")
        return frozenset((zone, right) for zone in self.zones for right in rights)
