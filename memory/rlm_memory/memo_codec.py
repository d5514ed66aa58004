"""A memo as the bytes that are sealed, and the key under which equal episodes meet."""

import hashlib
import json
from dataclasses import MISSING, asdict, fields
from operator import attrgetter
from typing import Any, Final

from rlm_memory.types import Citation, Edge, Episode, Memo


def encode_memo(memo: Memo) -> bytes:
    """What differs from the defaults, as JSON."""
    plain = _plain(memo)
    episode = plain["episode"] = _plain(memo.episode)
    for holder, name in ((episode, "citations"), (plain, "edges")):
        if name in holder:
            holder[name] = [asdict(each) for each in holder[name]]
    return _encoded(plain).encode(errors="surrogatepass")


def decode_memo(data: bytes) -> Memo:
    """The memo in authenticated bytes of ours; they are not checked a second time."""
    stored = json.loads(data.decode(errors="surrogatepass"))
    episode = stored.pop("episode")
    if "citations" in episode:
        episode["citations"] = tuple(Citation(**each) for each in episode["citations"])
    if "edges" in stored:
        stored["edges"] = tuple(Edge(**each) for each in stored["edges"])
    if "sources" in stored:
        stored["sources"] = tuple(stored["sources"])
    return Memo(episode=Episode(**episode), **stored)


def sameness(episode: Episode) -> str:
    """Equal for episodes that say the same, however they are spaced: time does not matter.

    Where and when a fact holds does, and so do the session of something said in one and who vouches
    for it: what another says again is a memo of its own, or it could be taken over.
    """
    told = (
        episode.zone,
        episode.agent,
        episode.trust,
        episode.session,
        episode.speaker,
        episode.question,
        episode.answer,
        episode.text,
        episode.subject,
        episode.attribute,
        episode.value,
        repr(episode.valid_from_s),
        repr(episode.valid_to_s),
    )
    text = "\0".join([" ".join(part.split()) if part else part for part in told])
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_FIELDS: Final = {
    kind: [
        (field.name, field.default if field.default is not MISSING else object())
        for field in fields(kind)
    ]
    for kind in (Memo, Episode)
}
_VALUES: Final = {kind: attrgetter(*(name for name, _ in told)) for kind, told in _FIELDS.items()}


def _plain(value: Memo | Episode) -> dict[str, Any]:
    """The fields that differ from their defaults."""
    kind = type(value)
    told = zip(_FIELDS[kind], _VALUES[kind](value), strict=True)
    return {name: each for (name, default), each in told if each != default}
