"""Looking around: sizes, previews, regular expressions, lines."""

from snippets.snippet import snippet

LOOKING = (
    snippet(
        "sizes first",
        """
        print(f"{len(context)} documents, {context.total_chars:,} characters")
        for doc in context:
            print(f"{doc.path:<20} {len(doc):>6}")
        """,
        """
        largest = max(context, key=len)
        FINAL({"path": largest.path, "lines": len(largest.lines)})
        """,
        final={"path": "src/app.py", "lines": 23},
    ),
    snippet(
        "preview of each document",
        """
        for doc in context[:3]:
            print(doc.path, "|", doc.text[:30].replace("\\n", " "))
        """,
        printed='src/app.py | """The shop."""  import json  \n'
        "src/util.py | def slug(text):     # FIXME: u\n"
        "docs/guide.md | # Guide  How to use the shop. \n",
    ),
    snippet(
        "regex over everything",
        """
        import re
        names = []
        for doc in context:
            if doc.path.endswith(".py"):
                names += re.findall(r"^\\s*def (\\w+)", doc.text, flags=re.MULTILINE)
        FINAL(sorted(names))
        """,
        final=["add", "clamp", "load", "slug", "total"],
    ),
    snippet(
        "search of the context with lines to cite",
        """
        hits = context.search(r"TODO|FIXME")
        answer = "\\n".join(f"{hit.path}:{hit.line} {hit.text.strip()}" for hit in hits)
        """,
        "FINAL_VAR('answer')",
        final="src/app.py:14 # TODO: check the stock\nsrc/util.py:2 # FIXME: umlauts",
    ),
    snippet(
        "search of the index, then the lines around",
        """
        hits = crystal.search("total", limit=3)
        for hit in hits:
            path, line = hit["path"], hit["start_line"]
            print(f"{path}:{line}", crystal.read(path, line, line + 1).splitlines()[-1].strip())
        """,
        printed="src/app.py:17 return sum(self.items.values())\ndocs/guide.md:13 ### Totals\n"
        "docs/guide.md:15 `Cart.total` adds up.\n",
    ),
    snippet(
        "lines by number with some around",
        """
        def around(doc, number, span=1):
            start = max(1, number - span)
            end = min(len(doc.lines), number + span)
            return [f"{n}: {doc.line(n)}" for n in range(start, end + 1)]

        doc = context["docs/guide.md"]
        where = next(n for n, line in enumerate(doc.lines, 1) if "at most" in line)
        print("\\n".join(around(doc, where)))
        """,
        printed="10: \n11: A cart holds at most 50 items. See `Cart.add`.\n12: \n",
    ),
    snippet(
        "named groups and a table of them",
        r"""
        import re
        pattern = re.compile(
            r'''(?P<day>\d{4}-\d{2}-\d{2})\s+
                (?P<time>[\d:]+)\s+
                (?P<level>[A-Z]+)\s+(?P<text>.*)''',
            re.VERBOSE,
        )
        lines = context["logs/server.log"].lines
        rows = [m.groupdict() for line in lines if (m := pattern.match(line))]
        errors = [row for row in rows if row["level"] == "ERROR"]
        FINAL([len(rows), len(errors), errors[-1]["text"]])
        """,
        final=[6, 3, "api: bad gateway"],
    ),
    snippet(
        "a slice across documents",
        """
        start = sum(len(doc) for doc in context[:2])
        FINAL(context.text_slice(start, start + 7))
        """,
        final="# Guide",
    ),
    snippet(
        "a wrong path, then the right one from its message",
        """
        try:
            doc = context["src/apps.py"]
        except KeyError as error:
            print("KeyError:", "src/app.py" in str(error))
            doc = context["src/app.py"]
        print(doc.line(7))
        """,
        printed="KeyError: True\nMAX_ITEMS = 50\n",
    ),
)
