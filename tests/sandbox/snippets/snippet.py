"""What a snippet is, the documents it reads and the models it asks."""

from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from rlm_sandbox.types import JsonValue

DOCUMENTS = (
    (
        "src/app.py",
        '"""The shop."""\n\nimport json\n\nfrom src.util import slug\n\nMAX_ITEMS = 50\n\n\n'
        'class Cart:\n    """Items of one customer."""\n\n    def add(self, item, count=1):\n'
        "        # TODO: check the stock\n        self.items[item] = count\n\n"
        "    def total(self):\n        return sum(self.items.values())\n\n\n"
        'def load(path):\n    """Read a cart."""\n    return json.loads(open(path).read())\n',
    ),
    (
        "src/util.py",
        "def slug(text):\n    # FIXME: umlauts\n    return text.lower().replace(' ', '-')\n\n\n"
        "def clamp(value, low, high):\n    return max(low, min(value, high))\n",
    ),
    (
        "docs/guide.md",
        "# Guide\n\nHow to use the shop.\n\n## Install\n\nRun `pip install shop`.\n\n"
        "## Carts\n\nA cart holds at most 50 items. See `Cart.add`.\n\n### Totals\n\n"
        "`Cart.total` adds up.\n",
    ),
    (
        "data/sales.csv",
        "date,region,amount\n2026-01-03,north,120.50\n2026-01-09,south,80.00\n"
        "2026-02-01,north,99.50\n2026-02-14,west,10.00\n2026-02-20,south,40.25\n",
    ),
    (
        "data/users.json",
        '[{"id": 1, "name": "Ada", "tags": ["admin", "ops"]},\n'
        ' {"id": 2, "name": "Bo", "tags": []},\n {"id": 3, "name": "Cy", "tags": ["ops"]}]\n',
    ),
    (
        "logs/server.log",
        "2026-03-01 10:00:00 INFO start\n2026-03-01 10:00:05 ERROR db: timeout after 30s\n"
        "2026-03-01 10:01:00 WARN slow query 2.5s\n"
        "2026-03-01 10:02:00 ERROR db: timeout after 45s\n"
        "2026-03-01 10:03:30 ERROR api: bad gateway\n2026-03-01 10:05:00 INFO stop\n",
    ),
    (
        "notes/meeting.txt",
        "Alice: we ship on Friday.\nBob: the cart is slow.\nAlice: I will profile it.\n"
        "Carol: tests pass.\nBob: then Friday it is.\n",
    ),
)


@dataclass(frozen=True)
class Snippet:
    """Cells of one session, and what the last of them gave: a FINAL, or what it printed."""

    name: str
    cells: tuple[str, ...]
    final: Any = None
    printed: str = ""


def snippet(name: str, *cells: str, final: Any = None, printed: str = "") -> Snippet:
    return Snippet(name, tuple(dedent(cell).strip("\n") for cell in cells), final, printed)


async def llm_query(prompt: str, text: str = "") -> JsonValue:
    """A reader that counts the lines it is given, or says no to an empty text."""
    given = text or prompt
    return f"{len(given.splitlines())} lines" if given else "not found"


async def llm_query_batched(prompts: list[Any], texts: list[str] | None = None) -> JsonValue:
    """The same for many; a prompt that says `fail` fails."""
    asked = list(zip(prompts, texts or [""] * len(prompts), strict=True))
    return [
        {"error": "busy", "message": "try later"} if "fail" in prompt else await llm_query(*pair)
        for pair in asked
        for prompt in [pair[0]]
    ]


async def rlm_query(question: str, slice: Any = "") -> JsonValue:  # noqa: A002
    """A deeper run that tells how much it was given."""
    return f"{question} -> {len(slice)}"


async def search(query: str, limit: int = 10, **_: Any) -> JsonValue:
    """Hits of an index, as dicts."""
    words = query.lower().split()
    hits = [
        {"path": path, "start_line": number, "end_line": number, "snippet": line, "score": 1.0}
        for path, text in DOCUMENTS
        for number, line in enumerate(text.splitlines(), 1)
        if any(word in line.lower() for word in words)
    ]
    return hits[:limit]


async def read(path: str, start_line: int, end_line: int) -> JsonValue:
    """Lines of a document."""
    return "\n".join(dict(DOCUMENTS)[path].splitlines()[start_line - 1 : end_line])


FUNCTIONS = {
    "llm_query": llm_query,
    "llm_query_batched": llm_query_batched,
    "rlm_query": rlm_query,
    "crystal.search": search,
    "crystal.read": read,
}
