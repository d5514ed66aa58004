"""The tokenizers that lie on this machine already, as functions that count tokens.

Those of OpenAI's models come with litellm; another model's may lie in the cache of Hugging Face.
Nothing is ever fetched: tiktoken and the hub would, so the files are looked for here first, and a
file of OpenAI's that does not have its published hash is not used.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

Count = Callable[[str], int]

# The name tiktoken keeps an encoding's file under, and the hash it asks of it.
_OPENAI_FILES: Final = {
    "cl100k_base": (
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
    "o200k_base": (
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
}
_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+")
_PIECE_CHARS: Final = 50_000


def openai_counter(encoding: str) -> Count | None:
    """Of `cl100k_base` or `o200k_base`, from the file that litellm ships or tiktoken's cache."""
    file_name, sha256 = _OPENAI_FILES[encoding]
    if find_spec("tiktoken") is None:
        return None
    for folder in tiktoken_folders():
        if _is_file_of(folder / file_name, sha256):
            return _in_pieces(_tiktoken_from(folder, encoding))
    return None


def hub_counter(repository: str) -> Count | None:
    """Of a model of Hugging Face (`owner/name`) that this machine has used before."""
    if not _REPOSITORY.fullmatch(repository) or find_spec("tokenizers") is None:
        return None
    snapshots = _hub_cache() / f"models--{repository.replace('/', '--')}" / "snapshots"
    path = next(iter(sorted(snapshots.glob("*/tokenizer.json"))), None)
    return None if path is None else _tokenizer_from(path)


def tiktoken_folders() -> Iterator[Path]:
    """Where a file of tiktoken's may lie."""
    litellm = find_spec("litellm")
    if litellm is not None and litellm.origin is not None:
        yield Path(litellm.origin).parent / "litellm_core_utils" / "tokenizers"
    for name in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if os.environ.get(name):
            yield Path(os.environ[name])


def _is_file_of(path: Path, sha256: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:
        return False


def _tiktoken_from(folder: Path, encoding: str) -> Callable[[str], Sequence[int]]:
    """tiktoken reads the file it would fetch from this folder: the one found good just now."""
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    try:
        tiktoken: Any = import_module("tiktoken")
        return tiktoken.get_encoding(encoding).encode_ordinary
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before


def _tokenizer_from(path: Path) -> Count | None:
    tokenizers: Any = import_module("tokenizers")
    try:
        encode = tokenizers.Tokenizer.from_file(str(path)).encode
    except Exception:  # the package raises no narrower class for a file it cannot read
        return None
    return _in_pieces(lambda text: encode(text, add_special_tokens=False).ids)


def _hub_cache() -> Path:
    if os.environ.get("HF_HUB_CACHE"):
        return Path(os.environ["HF_HUB_CACHE"])
    home = os.environ.get("HF_HOME")
    return (Path(home) if home else Path.home() / ".cache" / "huggingface") / "hub"


def _in_pieces(encode: Callable[[str], Sequence[int]]) -> Count:
    """A cut can only add tokens; a very long text in one piece can take very long."""

    def count(text: str) -> int:
        whole = text.encode("utf-8", "replace").decode("utf-8")
        pieces = (whole[at : at + _PIECE_CHARS] for at in range(0, len(whole), _PIECE_CHARS))
        return sum(len(encode(piece)) for piece in pieces)

    return count
