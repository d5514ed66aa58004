"""Helpers for cells of the REPL: splitting, searching, aggregating, checking and recursion.

Run as text inside the sandbox, where `llm_query` and `llm_query_batched` are given.
The standard library only; nothing here reads a file or the clock.
"""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    def llm_query(prompt: str, text: str = "") -> str: ...
    def llm_query_batched(prompts: Sequence[Any]) -> list[Any]: ...


_CHARS_PER_TOKEN = 4


def chunk_text(
    text: str, chunk_size: int = 2000, overlap: int = 200, preserve_paragraphs: bool = False
) -> list[str]:
    """Pieces of at most chunk_size characters, each sharing `overlap` with the one before;
    preserve_paragraphs packs whole paragraphs instead and cuts only those that are too long."""
    if chunk_size < 1:
        raise ValueError(f"chunk_size must be at least 1, got {chunk_size}")
    if preserve_paragraphs:
        return _pack_paragraphs(text, chunk_size)
    step = max(1, chunk_size - max(0, overlap))
    last_start = max(1, len(text) - max(0, chunk_size - step))
    return [text[start : start + chunk_size] for start in range(0, last_start, step) if text]


def chunk_by_tokens(text: str, max_tokens: int = 1000, overlap_tokens: int = 100) -> list[str]:
    """Pieces cut at white space of at most max_tokens tokens, estimated at four characters each."""
    if max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, got {max_tokens}")
    pieces: list[str] = []
    start, size = 0, max_tokens * _CHARS_PER_TOKEN
    back = min(max(0, overlap_tokens), max_tokens - 1) * _CHARS_PER_TOKEN
    while start < len(text):
        end = _cut_at_space(text, start, min(len(text), start + size))
        pieces.append(text[start:end])
        start = end if end == len(text) else max(start + 1, end - back)
    return pieces


def smart_truncate(text: str, max_length: int = 100, suffix: str = "...") -> str:
    """The text cut at a word so that it is at most max_length long with its suffix."""
    if len(text) <= max_length:
        return text
    room = max_length - len(suffix)
    if room <= 0:
        return suffix[: max(0, max_length)]
    return text[: _cut_at_space(text, 0, room)].rstrip() + suffix


def regex_search(
    pattern: str, text: str, max_matches: int = 10, return_positions: bool = False
) -> list[Any]:
    """The first matches as strings, or as (start, end, string) with return_positions."""
    found: list[Any] = []
    for match in re.finditer(pattern, text, re.MULTILINE):
        if len(found) >= max_matches:
            break
        found.append((*match.span(), match.group()) if return_positions else match.group())
    return found


def find_sections(
    text: str, section_pattern: str = r"^#+\s+(.+)$", include_content: bool = True
) -> list[dict[str, Any]]:
    """Sections as {title, start, end, content}: each runs from its heading to the next."""
    heads = list(re.finditer(section_pattern, text, re.MULTILINE))
    ends = [*[head.start() for head in heads], len(text)][1:]
    sections: list[dict[str, Any]] = []
    for head, end in zip(heads, ends, strict=False):
        title = head.group(1) if head.re.groups else head.group()
        section: dict[str, Any] = {"title": title.strip(), "start": head.start(), "end": end}
        if include_content:
            section["content"] = text[head.end() : end].strip()
        sections.append(section)
    return sections


def keyword_filter(text: str, keywords: "Iterable[str]", context_chars: int = 200) -> list[str]:
    """The stretches around every keyword, any case; stretches that touch become one."""
    words = [re.escape(word) for word in keywords if word]
    if not words:
        return []
    spans: list[list[int]] = []
    for match in re.finditer("|".join(words), text, re.IGNORECASE):
        start = max(0, match.start() - context_chars)
        end = min(len(text), match.end() + context_chars)
        if spans and start <= spans[-1][1]:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    return [text[start:end] for start, end in spans]


def aggregate_results(
    results: "Iterable[Any]",
    method: str = "join",
    separator: str = "\n",
    filter_empty: bool = True,
) -> Any:
    """The results as one: method is 'join', 'sum', 'count', 'list' or 'dict' (index to result)."""
    kept = [item for item in results if not filter_empty or not _is_empty(item)]
    if method == "join":
        return separator.join(str(item) for item in kept)
    if method == "sum":
        return sum(_as_number(item) for item in kept)
    if method == "count":
        return len(kept)
    if method == "list":
        return kept
    if method == "dict":
        return dict(enumerate(kept))
    raise ValueError(f"method must be join, sum, count, list or dict, got {method!r}")


def count_frequencies(items: "Iterable[Any]") -> dict[Any, int]:
    """How often each item occurs, the most frequent first."""
    counts: dict[Any, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def merge_dicts(dicts: "Iterable[dict[Any, Any]]", merge_strategy: str = "sum") -> dict[Any, Any]:
    """One dict; for a key met again merge_strategy 'sum' adds, 'last' and 'first' keep one
    and 'list' collects."""
    if merge_strategy not in ("sum", "last", "first", "list"):
        raise ValueError(f"merge_strategy must be sum, last, first or list, got {merge_strategy!r}")
    merged: dict[Any, Any] = {}
    for one in dicts:
        for key, value in one.items():
            if merge_strategy == "list":
                merged.setdefault(key, []).append(value)
            elif key not in merged or merge_strategy == "last":
                merged[key] = value
            elif merge_strategy == "sum":
                merged[key] = merged[key] + value
    return merged


def verify_answer(answer: Any, verification_prompt: str) -> tuple[bool, str]:
    """Asks the sub-model whether the answer holds: (holds, the reply). Anything but a reply that
    begins with YES counts as no."""
    reply = llm_query(
        f"{verification_prompt}\n\nAnswer to check:\n{answer}\n\n"
        "Reply YES or NO first, then the reason in one sentence."
    )
    return re.match(r"\W*yes\b", reply, re.IGNORECASE) is not None, reply


def consensus_check(question: str, num_attempts: int = 3) -> tuple[str, float]:
    """Asks the sub-model num_attempts times at once: (the commonest reply, its share). Attempts
    that failed count against it."""
    prompts = [f"{question}\n\n(attempt {n + 1} of {num_attempts})" for n in range(num_attempts)]
    replies = [reply for reply in llm_query_batched(prompts) if isinstance(reply, str)]
    if not replies:
        return "", 0.0
    votes = count_frequencies(_normalised(reply) for reply in replies)
    winner = next(iter(votes))
    original = next(reply for reply in replies if _normalised(reply) == winner)
    return original.strip(), votes[winner] / num_attempts


def recursive_split(
    text: str,
    condition: "Callable[[str], bool]",
    split_fn: "Callable[[str], Sequence[str]]",
    max_depth: int = 10,
) -> list[str]:
    """Splits until condition(piece) holds for every piece, nothing splits further or max_depth
    is reached."""
    if max_depth <= 0 or condition(text):
        return [text]
    parts = split_fn(text)
    if len(parts) < 2:
        return list(parts) or [text]
    return [
        piece
        for part in parts
        for piece in recursive_split(part, condition, split_fn, max_depth - 1)
    ]


def map_reduce(
    items: "Iterable[Any]",
    map_fn: "Callable[[Any], Any]",
    reduce_fn: "Callable[[list[Any]], Any] | None" = None,
    parallel: bool = True,
) -> Any:
    """reduce_fn of map_fn over every item, in order. With parallel, the llm_query calls that
    map_fn makes for all items go out together, so map_fn must have no side effects.

    An item whose call failed is a dict {"error", "message"}; reduce_fn is given the others, and
    that some are missing is printed.
    """
    work = list(items)
    results = _map_in_batches(work, map_fn) if parallel else [_tried(map_fn, one) for one in work]
    if reduce_fn is None:
        return results
    good = [result for result in results if not _has_failed(result)]
    bad = [result for result in results if _has_failed(result)]
    if bad:
        told = f"{len(bad)} of {len(results)} items failed, the first with: {bad[0]['message']}"
        if not good:
            raise CallFailed(bad[0]["error"], f"map_reduce: {told}")
        print(f"map_reduce: {told}")
    return reduce_fn(good)


class CallFailed(Exception):
    """A sub-call was not answered; `kind` says why in a word."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Awaiting(BaseException):
    """Unwinds a map_fn whose next sub-call has no reply yet."""


def _map_in_batches(work: list[Any], map_fn: "Callable[[Any], Any]") -> list[Any]:
    # map_fn asks one prompt at a time and cells have no threads: each round re-runs the unfinished
    # items on the replies so far and sends the prompts they stopped at as one batch.
    global llm_query
    ask = llm_query
    replies: list[list[Any]] = [[] for _ in work]
    results: list[Any] = [None] * len(work)
    waiting = list(range(len(work)))
    try:
        while waiting:
            prompts: list[Any] = []
            asked: list[int] = []
            for index in waiting:
                llm_query = _replay(replies[index], prompts)
                try:
                    results[index] = _tried(map_fn, work[index])
                except _Awaiting:
                    asked.append(index)
            for index, reply in zip(
                asked, llm_query_batched(prompts) if prompts else [], strict=True
            ):
                replies[index].append(reply)
            waiting = asked
    finally:
        llm_query = ask
    return results


def _tried(map_fn: "Callable[[Any], Any]", item: Any) -> Any:
    try:
        return map_fn(item)
    except CallFailed as error:
        return {"error": error.kind, "message": str(error)}
    except Exception as error:
        if type(error).__name__ != "HostCallError":
            raise
        return {"error": "call_failed", "message": str(error)}


def _replay(replies: list[Any], prompts: list[Any]) -> "Callable[..., Any]":
    position = 0

    def answer(prompt: str, text: str = "") -> Any:
        nonlocal position
        if position == len(replies):
            prompts.append((prompt, text) if text else prompt)
            raise _Awaiting
        reply = replies[position]
        position += 1
        if _has_failed(reply):
            raise CallFailed(reply["error"], reply["message"])
        return reply

    return answer


def _has_failed(item: Any) -> bool:
    return isinstance(item, dict) and item.keys() == {"error", "message"}


def _pack_paragraphs(text: str, size: int) -> list[str]:
    packed: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        if packed and len(packed[-1]) + 2 + len(paragraph) <= size:
            packed[-1] += "\n\n" + paragraph
        elif len(paragraph) <= size:
            packed.append(paragraph)
        else:
            packed.extend(chunk_text(paragraph, size, 0))
    return [piece for piece in packed if piece.strip()]


def _cut_at_space(text: str, start: int, end: int) -> int:
    if end >= len(text) or text[end].isspace():
        return end
    cut = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
    return cut + 1 if cut > start else end


def _is_empty(item: Any) -> bool:
    return item is None or (hasattr(item, "__len__") and len(item) == 0)


def _as_number(item: Any) -> float:
    if isinstance(item, (int, float)):
        return item
    match = re.search(r"-?\d+(?:\.\d+)?", str(item))
    if match is None:
        raise ValueError(f"no number in {str(item)[:80]!r}")
    return float(match.group()) if "." in match.group() else int(match.group())


def _normalised(reply: str) -> str:
    return re.sub(r"\W+", " ", reply).strip().lower()
