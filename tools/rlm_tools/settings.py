"""`rlm_settings`: read the settings, or change one."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.errors import BadArgument
from rlm_tools.host import Host, Setting
from rlm_tools.tool import Arguments, Effects, Tool


class SettingsArguments(Arguments):
    """Neither to read all, a key to read one, both to change it."""

    key: Annotated[str, Field(max_length=60)] = ""
    value: Annotated[
        str, Field(max_length=2_000, description='new value; "default" takes a change back')
    ] = ""


@dataclass(frozen=True, slots=True)
class SettingsReply:
    """The settings asked for."""

    settings: tuple[Setting, ...]

    def text(self) -> str:
        """Return one setting a line."""
        return "\n".join(_line(setting) for setting in self.settings)


async def settings(
    host: Host, arguments: SettingsArguments, _progress: ProgressSink
) -> SettingsReply:
    """Read or change."""
    if arguments.key and arguments.value:
        return SettingsReply((await host.change_setting(arguments.key, arguments.value),))
    known = await host.settings()
    if arguments.value:
        raise BadArgument("A value needs a key: one of " + _names(known) + ".")
    chosen = tuple(setting for setting in known if arguments.key in ("", setting.key))
    if not chosen:
        raise BadArgument(f"There is no setting {arguments.key!r}; there are: {_names(known)}.")
    return SettingsReply(chosen)


TOOL = Tool(
    name="rlm_settings",
    title="Read or change settings",
    description=(
        "Use to read the settings (model, budgets, watching), or to change one within the bounds"
        " its operator set."
    ),
    arguments=SettingsArguments,
    run=settings,
    effects=Effects(reads_only=False),
    quick=True,
)


def _names(known: tuple[Setting, ...]) -> str:
    return ", ".join(setting.key for setting in known)


def _line(setting: Setting) -> str:
    bound = f"; bound: {setting.bound}" if setting.bound else ""
    return f"{setting.key} = {setting.value} (default {setting.default}): {setting.meaning}{bound}"
