"""Reading a file as text, or saying why it is not text worth indexing."""

import os
import re
import stat
from hashlib import blake2b

from rlm_crystal.language import language_of
from rlm_crystal.types import Document, Skipped, Source

_HEAD_BYTES = 8192
_SLACK_BYTES = 1 << 16
_OPENED_WITH = ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC")
_FLAGS = sum(getattr(os, name, 0) for name in _OPENED_WITH)


def read(source: Source) -> Document | Skipped:
    """The text of `source`, or why it has none; never raises for a bad file.

    UTF-8 (with or without mark), UTF-16 and UTF-32 with mark, else CP1251 or Latin-1 where the
    bytes look like text. Line endings stay as they are.
    """
    try:
        data = _bytes(source)
    except OSError as error:
        return _skipped(source, f"cannot be read: {error.strerror or type(error).__name__}")
    if data is None:
        return _skipped(source, "not a regular file, or it grows while it is read")
    text = decode(data)
    if text is None:
        return _skipped(source, "binary")
    reason = unworthy(source.path, text)
    if reason:
        return _skipped(source, reason)
    return Document(
        path=source.path,
        text=text,
        language=language_of(source.path, text[:_HEAD_BYTES]),
        content_hash=_hash(data),
        size_bytes=source.size_bytes,
        mtime_ns=source.mtime_ns,
    )


def content_hash(source: Source) -> str | None:
    """The hash `read` would give the file's bytes; None where they cannot be had."""
    try:
        data = _bytes(source)
    except OSError:
        return None
    return None if data is None else _hash(data)


def decode(data: bytes) -> str | None:
    """`data` as text, or None where it is binary."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding)
    if b"\0" in data[:_HEAD_BYTES]:
        return None
    text = _strict(data, "utf-8")
    if text is not None:
        return None if "\0" in text else text
    return _single_byte(data)


def unworthy(path: str, text: str) -> str | None:
    """Why the text is not worth indexing (generated, minified, a private key), or None."""
    head = text[:_HEAD_BYTES]
    if "PRIVATE KEY" in head and _PRIVATE_KEY.search(head) and len(text) < 20_000:
        return "holds a private key"
    if path.lower().endswith(_PROSE):
        return None
    first_lines = "\n".join(head.split("\n", _MARK_LINES)[:_MARK_LINES])
    # Without either word no alternative of the slow pattern can match.
    lowered = first_lines.lower()
    told = "generated" in lowered or "do not edit" in lowered
    if told and _GENERATED.search(first_lines):
        return "generated"
    return "minified" if _is_minified(text) else None


def _bytes(source: Source) -> bytes | None:
    """The file's bytes; None where it is not a plain file or far longer than the walk saw."""
    descriptor = os.open(source.absolute, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        left = source.size_bytes + _SLACK_BYTES + 1
        pieces: list[bytes] = []
        while left and (piece := os.read(descriptor, left)):
            pieces.append(piece)
            left -= len(piece)
    finally:
        os.close(descriptor)
    return b"".join(pieces) if left else None


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _single_byte(data: bytes) -> str | None:
    """CP1251 where most high bytes are its letters in runs, else Latin-1; None for binary."""
    controls = len(data.translate(None, _TEXT_BYTES))
    if controls * 100 > len(data):
        return None
    high = len(data.translate(None, _ASCII))
    runs = sum(len(run) for run in _CYRILLIC.findall(data))
    if runs * 2 > high and (text := _strict(data, "cp1251")) is not None:
        return text
    return data.decode("latin-1") if high * 2 < len(data) else None


def _is_minified(text: str) -> bool:
    """Whether the file is one or a few very long lines of code or data."""
    size = len(text)
    if size < _MINIFIED_CHARS:
        return False
    lines = text.count("\n") + 1
    if size // lines > _MINIFIED_MEAN:
        return True
    # A line that is more than half of the text reaches over its middle.
    middle = size // 2
    start, end = text.rfind("\n", 0, middle) + 1, text.find("\n", middle)
    longest = (end if end >= 0 else size) - start
    return longest > _LINE_MAX and longest * 2 > size


def _skipped(source: Source, reason: str) -> Skipped:
    return Skipped(source.path, reason, source.size_bytes, source.mtime_ns)


_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_ASCII = bytes(range(128))
_TEXT_BYTES = bytes([9, 10, 12, 13, 27, *range(32, 127), *range(128, 256)])
_CYRILLIC = re.compile(rb"[\xc0-\xff\xa8\xb8]{3,}")
_PRIVATE_KEY = re.compile(r"^-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----", re.MULTILINE)
_PROSE = (".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".org", ".tex", ".html", ".htm")
_MARK_LINES = 15
_GENERATED = re.compile(
    r"@generated\b|\bDO NOT EDIT\b.{0,40}(?:generated|automatically)|"
    r"\b(?:auto-?generated|automatically generated|generated)\b.{0,80}\bDO NOT (?:EDIT|MODIFY)\b|"
    r"^\W*(?:this (?:file|code) (?:is|was|has been) (?:auto-?|automatically )?generated\b"
    r"(?! if|\?)|<auto-generated|autogenerated by |code generated by |generated by the protocol "
    r"buffer compiler)",
    re.IGNORECASE | re.MULTILINE,
)
_MINIFIED_CHARS = 4000
_MINIFIED_MEAN = 400
_LINE_MAX = 5000
