"""Classes, data classes, enums, types, match, generators, recursion."""

from snippets.snippet import snippet

SHAPING = (
    snippet(
        "findings in a data class",
        """
        from __future__ import annotations
        from dataclasses import dataclass, field, asdict

        @dataclass(order=True)
        class Finding:
            path: str
            line: int
            tags: list[str] = field(default_factory=list)

            @property
            def place(self) -> str:
                return f"{self.path}:{self.line}"

        found = [Finding("b.py", 2), Finding("a.py", 9, ["slow"])]
        FINAL([asdict(min(found)), max(found).place])
        """,
        final=[{"path": "a.py", "line": 9, "tags": ["slow"]}, "b.py:2"],
    ),
    snippet(
        "a class with state over cells",
        """
        class Notebook:
            def __init__(self, title):
                self._title = title
                self._notes = {}
            def add(self, key, value):
                self._notes.setdefault(key, []).append(value)
                return self
            def __len__(self):
                return len(self._notes)
            def __repr__(self):
                return f"<{self._title}: {sorted(self._notes)}>"
        """,
        "book = Notebook('errors').add('db', 2).add('api', 5).add('db', 4)",
        "print(book, len(book))",
        printed="<errors: ['api', 'db']> 2\n",
    ),
    snippet(
        "inheritance and abstract methods",
        """
        from abc import ABC, abstractmethod

        class Rule(ABC):
            @abstractmethod
            def check(self, line: str) -> bool: ...

        class Contains(Rule):
            def __init__(self, word):
                self.word = word
            def check(self, line):
                return self.word in line

        class Negated(Contains):
            def check(self, line):
                return not super().check(line)

        lines = context["logs/server.log"].lines
        print([sum(map(rule.check, lines)) for rule in (Contains("db"), Negated("db"))])
        """,
        printed="[2, 4]\n",
    ),
    snippet(
        "an enum and a match",
        """
        from enum import Enum

        class Level(Enum):
            INFO = 1
            WARN = 2
            ERROR = 3

        def weigh(line):
            match line.split():
                case [_, _, "ERROR", what, *_]:
                    return Level.ERROR, what.rstrip(":")
                case [_, _, ("WARN" | "INFO") as name, *rest]:
                    return Level[name], " ".join(rest)
                case _:
                    raise ValueError(line)

        weighed = [weigh(line) for line in context["logs/server.log"].lines]
        FINAL([sum(level.value for level, _ in weighed), weighed[1][1]])
        """,
        final=[13, "db"],
    ),
    snippet(
        "named tuples",
        """
        from collections import namedtuple
        from typing import NamedTuple

        Hit = namedtuple("Hit", "path line")
        class Cited(NamedTuple):
            place: str
            words: str = ""

        hit = Hit("a.py", 3)
        moved = hit._replace(line=hit.line + 1)
        print(moved, Cited(f"{hit.path}:{hit.line}")._asdict())
        """,
        printed="Hit(path='a.py', line=4) {'place': 'a.py:3', 'words': ''}\n",
    ),
    snippet(
        "type hints and an alias",
        """
        from typing import Any, Iterable, Optional, TypedDict

        class Row(TypedDict):
            name: str
            count: int

        def pick(rows: Iterable[Row], least: int = 2) -> Optional[Row]:
            best: Optional[Row] = None
            for row in rows:
                if row["count"] >= least and (best is None or row["count"] > best["count"]):
                    best = row
            return best

        FINAL(pick([{"name": "a", "count": 1}, {"name": "b", "count": 4}]))
        """,
        final={"name": "b", "count": 4},
    ),
    snippet(
        "a generator read in part",
        """
        from itertools import islice

        def places(word):
            for doc in context:
                for number, line in enumerate(doc.lines, 1):
                    if word in line:
                        yield f"{doc.path}:{number}"

        print(list(islice(places("cart"), 2)), next(places("zebra"), None))
        """,
        printed="['src/app.py:22', 'docs/guide.md:11'] None\n",
    ),
    snippet(
        "recursion over a tree",
        """
        def tree_of(paths):
            tree = {}
            for path in paths:
                node = tree
                for part in path.split("/"):
                    node = node.setdefault(part, {})
            return tree

        def depth(tree):
            return 1 + max(map(depth, tree.values()), default=0) if tree else 0

        def show(tree, indent=0):
            for name in sorted(tree):
                yield "  " * indent + name
                yield from show(tree[name], indent + 1)

        tree = tree_of(context.paths)
        print(depth(tree), list(show(tree))[:3])
        """,
        printed="2 ['data', '  sales.csv', '  users.json']\n",
    ),
    snippet(
        "divide and ask",
        """
        def summarise(text, limit=80):
            if len(text) <= limit:
                return llm_query("Summarise", text)
            middle = text.rfind("\\n", 0, len(text) // 2 + 1) + 1 or len(text) // 2
            left, right = summarise(text[:middle], limit), summarise(text[middle:], limit)
            return f"({left} + {right})"

        FINAL(summarise(context["notes/meeting.txt"].text))
        """,
        final="(2 lines + 3 lines)",
    ),
    snippet(
        "a dict with a rule for what is missing, and a context manager",
        """
        from contextlib import contextmanager

        class Sizes(dict):
            def __missing__(self, path):
                self[path] = size = len(context[path])
                return size

        @contextmanager
        def counted(label, into):
            before = len(into)
            yield into
            print(label, len(into) - before)

        with counted("new sizes:", Sizes()) as sizes:
            sizes["src/util.py"] + sizes["src/util.py"] + sizes["docs/guide.md"]
        """,
        printed="new sizes: 2\n",
    ),
)
