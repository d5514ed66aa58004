"""A memo as the bytes that are sealed, and the key under which equal episodes meet."""

import hashlib
import json
from dataclasses import asdict

from rlm_memory.types import Citation, Episode, Memo


def encode_memo(memo: Memo) -> bytes:
    return json.dumps(asdict(memo), ensure_ascii=False, separators=(",", ":")).encode(
        errors="surrogatepass"
    )


def decode_memo(data: bytes) -> Memo:
    """The memo in authenticated bytes of ours; they are not checked a second time."""
    stored = json.loads(data.decode(errors="surrogatepass"))
    episode = stored.pop("episode")
    citations = tuple(Citation(**citation) for citation in episode.pop("citations"))
    return Memo(episode=Episode(**episode, citations=citations), **stored)


def sameness(episode: Episode) -> str:
    """Equal for episodes that say the same, however they are spaced: time does not matter."""
    said = (episode.speaker, episode.question, episode.answer, episode.text)
    text = "\0".join(" ".join(part.split()) for part in said)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
