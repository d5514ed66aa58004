"""Our entry put into the configuration of a client or taken out, all else as it was."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from rlm_server.clients import jsonc, toml_table
from rlm_server.clients.entry import Launch, as_table, entry_for
from rlm_server.clients.places import NAME, Machine, Place
from rlm_server.command_line import ClientName
from rlm_server.errors import Misused


def merged(client: ClientName, launch: Launch, machine: Machine, old: str, place: Place) -> str:
    """The whole text of the file with our entry in it.

    What the person added to an entry of ours stays. Misused where the text cannot be understood,
    with the entry to put there by hand.
    """
    new = entry_for(client, launch, machine, {})
    try:
        held = servers_in(old, place)
        mine = held.get(NAME)
        if mine is not None:
            new = entry_for(client, launch, machine, as_table(mine))
        if mine == new:
            return old
        text = _put(old, place, new)
        if _differs_by_it_alone(text, old, place, {**held, NAME: new}):
            return text
        problem = "the entry would not stand where it belongs"
    except (jsonc.NotJson, toml_table.NotToml) as error:
        problem = str(error)
    raise Misused(
        f"{place.file} cannot be added to ({problem}), so it is left alone. Put this there:\n"
        + alone(new, place)
    )


def without(old: str, place: Place) -> str:
    """The whole text of the file without our entry; Misused where that cannot be done."""
    path = (*place.names, NAME)
    try:
        held = servers_in(old, place)
        if NAME not in held:
            return old
        text = toml_table.taken_out(old, path) if place.is_toml else jsonc.taken_out(old, path)
        del held[NAME]
        if _differs_by_it_alone(text, old, place, held):
            return text
        problem = "it would not be the entry alone"
    except (jsonc.NotJson, toml_table.NotToml) as error:
        problem = str(error)
    raise Misused(f"{place.file} is left alone ({problem}); take {NAME!r} out of it by hand")


def alone(entry: Mapping[str, Any], place: Place) -> str:
    """A configuration that holds nothing but our entry."""
    path = (*place.names, NAME)
    return toml_table.block(path, entry) if place.is_toml else jsonc.put("", path, entry)


def servers_in(text: str, place: Place) -> dict[str, Any]:
    """The servers that stand in a configuration, by their names; NotJson or NotToml."""
    found = _whole(text, place)
    for name in place.names:
        if not isinstance(found, dict):
            raise jsonc.NotJson("it has another form")
        found = cast("Mapping[str, object]", found).get(name, {})
    if not isinstance(found, dict):
        raise jsonc.NotJson(f"{place.names[-1]!r} has another form")
    return {**cast("dict[str, Any]", found)}


def _put(text: str, place: Place, entry: Mapping[str, Any]) -> str:
    path = (*place.names, NAME)
    return toml_table.put(text, path, entry) if place.is_toml else jsonc.put(text, path, entry)


def _whole(text: str, place: Place) -> object:
    return toml_table.read(text) if place.is_toml else jsonc.read(text)


def _differs_by_it_alone(text: str, old: str, place: Place, servers: Mapping[str, Any]) -> bool:
    """Whether a changed text says what the old one said, with these servers."""
    said = _changed(_whole(text, place), place.names, servers_in(text, place))
    return said == _changed(_whole(old, place), place.names, servers)


def _changed(whole: object, names: Sequence[str], servers: Mapping[str, Any]) -> Mapping[str, Any]:
    """The whole with these servers under these names, which are made where there are none."""
    if not names:
        return servers
    table = as_table(whole)
    inside = _changed(table.get(names[0]), names[1:], servers)
    return {**table, names[0]: inside}
