"""Memories as lines of JSON, and what other programs keep as episodes: notes, chats, graphs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from rlm_memory.errors import ImportRefused
from rlm_memory.memo_codec import decode_memo, encode_memo
from rlm_memory.types import Edge, Episode, Memo, Trust

_MESSAGES: Final = ("messages", "chat_messages", "turns", "conversation", "conversations", "chats")
_SPEAKERS: Final = ("speaker", "role", "author", "sender", "from", "name")
_TEXTS: Final = ("text", "content", "message", "body")
_TIMES: Final = ("time", "timestamp", "created_at", "create_time", "date", "ts")
_TITLES: Final = ("session", "title", "name", "id", "uuid")
_SECTION_CHARS_MAX: Final = 4_000


def exported(memos: Mapping[str, Memo]) -> Iterator[str]:
    """Each memo as one line of JSON, in the order they were written down."""
    for row_id, memo in sorted(memos.items(), key=lambda each: (each[1].seq, each[0])):
        yield json.dumps({"id": row_id, "memo": json.loads(encode_memo(memo))})


def is_export(path: Path) -> bool:
    """Whether a file holds memories that `exported` wrote."""
    if not path.is_file() or path.suffix != ".jsonl":
        return False
    first = next(iter(_lines(path)), None)
    return first is not None and first.keys() == {"id", "memo"}


def memos_from(path: Path) -> dict[str, Memo]:
    """The memos of a file that `exported` wrote; ImportRefused."""
    try:
        return {
            str(line["id"]): decode_memo(json.dumps(line["memo"]).encode(errors="surrogatepass"))
            for line in _lines(path)
        }
    except (KeyError, TypeError) as error:
        raise ImportRefused(f"{path} is no export of a memory: {error}") from error


def renamed(memos: Mapping[str, Memo], ids: Mapping[str, str]) -> dict[str, Memo]:
    """Episodes under other ids, which all that points to them follows."""
    found: dict[str, Memo] = {}
    for row_id, memo in memos.items():
        if memo.level == "episode":
            edges = tuple(
                Edge(edge.kind, ids[edge.target]) for edge in memo.edges if edge.target in ids
            )
            newer = ids.get(memo.superseded_by, memo.superseded_by)
            older = ids.get(memo.episode.supersedes, memo.episode.supersedes)
            episode = replace(memo.episode, supersedes=older)
            found[ids[row_id]] = replace(memo, episode=episode, edges=edges, superseded_by=newer)
    return found


def episodes_from(path: Path, *, now_s: float) -> list[Episode]:
    """What another program kept: a folder of Markdown, a chat export (.json), or the file of the
    MCP reference memory server (.jsonl). ImportRefused where it is none of them."""
    if path.is_dir():
        return [each for note in sorted(path.rglob("*.md")) for each in _of_note(note, path)]
    if path.suffix == ".md":
        return list(_of_note(path, path.parent))
    if path.suffix == ".jsonl":
        return list(_of_graph(path, now_s))
    if path.suffix == ".json":
        try:
            content = json.loads(_read(path))
        except ValueError as error:
            raise ImportRefused(f"{path} is no JSON: {error}") from error
        found = list(_of_chat(content, path.stem, now_s))
        if found:
            return found
    raise ImportRefused(
        f"{path} is no folder of Markdown, no chat with messages (.json), and no memory of the MCP"
        " reference server or of ours (.jsonl)"
    )


def _of_note(note: Path, folder: Path) -> Iterator[Episode]:
    """A note by its headings; every part knows those above it."""
    source, time_s = note.relative_to(folder).as_posix(), note.stat().st_mtime
    above: list[tuple[int, str]] = []
    part: list[str] = []

    def told() -> Iterator[Episode]:
        body = "\n".join(part).strip()
        for at in range(0, len(body), _SECTION_CHARS_MAX):
            text = "\n".join(
                filter(
                    None, (" > ".join(title for _, title in above), body[at:][:_SECTION_CHARS_MAX])
                )
            )
            yield Episode(text, time_s=time_s, source=source, session=source)

    fenced = False
    for line in _read(note).splitlines():
        fenced ^= line.lstrip().startswith("```")
        depth = len(line) - len(line.lstrip("#"))
        if not fenced and 0 < depth < 7 and line[depth : depth + 1] == " ":
            yield from told()
            part = []
            above = [each for each in above if each[0] < depth] + [(depth, line[depth:].strip())]
        else:
            part.append(line)
    yield from told()


def _of_graph(path: Path, now_s: float) -> Iterator[Episode]:
    for line in _lines(path):
        kind = line.get("type")
        if kind == "entity":
            for told in line.get("observations") or ():
                text = f"{line.get('name', '')}: {told}"
                yield Episode(text, time_s=now_s, source=path.name, trust="agent")
        elif kind == "relation":
            relation = str(line.get("relationType", "")).replace("_", " ")
            text = f"{line.get('from', '')} {relation} {line.get('to', '')}"
            yield Episode(text, time_s=now_s, source=path.name, trust="agent")
        else:
            raise ImportRefused(f"{path} has a line that is neither entity nor relation")


def _of_chat(content: Any, session: str, now_s: float) -> Iterator[Episode]:
    """The messages in whatever they are nested, each conversation a session."""
    if isinstance(content, dict):
        fields = cast("dict[str, Any]", content)
        text = _text_of(_first(fields, _TEXTS))
        nested = [fields[name] for name in _MESSAGES if isinstance(fields.get(name), list | dict)]
        if nested:
            title = _first(fields, _TITLES)
            for each in nested:
                yield from _of_chat(each, str(title or session), now_s)
        elif text:
            yield _message(fields, text, session, now_s)
    elif isinstance(content, list):
        for number, each in enumerate(cast("list[Any]", content)):
            whole = isinstance(each, dict) and any(name in each for name in _MESSAGES)
            yield from _of_chat(each, f"{session} {number}" if whole else session, now_s)


def _message(fields: dict[str, Any], text: str, session: str, now_s: float) -> Episode:
    speaker = _first(fields, _SPEAKERS)
    if isinstance(speaker, dict):
        speaker = _first(cast("dict[str, Any]", speaker), ("role", "name"))
    said_by = str(speaker or "user")
    trust: Trust = "untrusted" if said_by in ("tool", "function", "web") else "agent"
    if said_by not in ("assistant", "system", "tool", "function", "web", "model", "bot"):
        trust = "user"
    time_s = _time_of(_first(fields, _TIMES), now_s)
    return Episode(
        text, time_s=time_s, speaker=said_by, session=session, trust=trust, source=session
    )


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content.strip()
    if isinstance(content, dict):
        fields = cast("dict[str, Any]", content)
        return _text_of(fields.get("text") or fields.get("parts") or "")
    if isinstance(content, list):
        return "\n".join(filter(None, map(_text_of, cast("list[Any]", content))))
    return ""


def _time_of(told: Any, now_s: float) -> float:
    if isinstance(told, int | float) and not isinstance(told, bool):
        # Some write milliseconds; no chat is from the year 5000.
        return float(told) / 1_000 if told > 1e11 else float(told)
    if isinstance(told, str):
        try:
            read = datetime.fromisoformat(told.replace("Z", "+00:00"))
        except ValueError:
            return now_s
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    return now_s


def _first(fields: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    # Not splitlines: JSON of others has separators of lines as they are within its texts.
    for number, line in enumerate(_read(path).split("\n"), start=1):
        if line.strip():
            try:
                read = json.loads(line)
            except ValueError as error:
                raise ImportRefused(f"line {number} of {path} is no JSON: {error}") from error
            if not isinstance(read, dict):
                raise ImportRefused(f"line {number} of {path} is no object")
            yield cast("dict[str, Any]", read)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}") from error
