"""Working over several cells: helpers, errors, scratch files, output, endings."""

from snippets.snippet import snippet

WORKING = (
    snippet(
        "helpers of one cell used in the next",
        """
        def lines_with(word, path=None):
            docs = [context[path]] if path else context
            return [(d.path, n) for d in docs for n, l in enumerate(d.lines, 1) if word in l]
        """,
        "errors = lines_with('ERROR', 'logs/server.log')",
        "FINAL([f'{path}:{line}' for path, line in errors])",
        final=["logs/server.log:2", "logs/server.log:4", "logs/server.log:5"],
    ),
    snippet(
        "a mistake, then the same cell put right",
        "total = sum(doc.size for doc in context)",
        "total = sum(len(doc) for doc in context)\nprint(total == context.total_chars)",
        printed="True\n",
    ),
    snippet(
        "try, else and finally",
        """
        steps = []
        def parse(text):
            try:
                value = int(text)
            except ValueError:
                steps.append("bad")
                return None
            else:
                steps.append("good")
                return value
            finally:
                steps.append("done")
        print([parse(t) for t in ("3", "x")], steps)
        """,
        printed="[3, None] ['good', 'done', 'bad', 'done']\n",
    ),
    snippet(
        "an error of one's own with its cause",
        """
        class NotFound(Exception):
            pass

        def must_find(word):
            try:
                return next(d.path for d in context if word in d)
            except StopIteration as error:
                raise NotFound(word) from error

        try:
            must_find("zebra")
        except NotFound as error:
            print(repr(error), type(error.__cause__).__name__, must_find("Friday"))
        """,
        printed="NotFound('zebra') StopIteration notes/meeting.txt\n",
    ),
    snippet(
        "notes in a scratch file",
        """
        with open("notes.md", "w") as f:
            f.write("# Findings\\n")
        for hit in context.search("ERROR"):
            with open("notes.md", "a") as f:
                print(f"- {hit.path}:{hit.line}", file=f)
        """,
        "FINAL(open('notes.md').read())",
        final="# Findings\n- logs/server.log:2\n- logs/server.log:4\n- logs/server.log:5\n",
    ),
    snippet(
        "a document opened like a file, line by line",
        """
        longest = ""
        with open("docs/guide.md", encoding="utf-8") as f:
            for line in f:
                longest = max(longest, line.rstrip(), key=len)
        print(longest)
        """,
        printed="A cart holds at most 50 items. See `Cart.add`.\n",
    ),
    snippet(
        "paths as pathlib has them",
        """
        import json
        out = Path("results") / "counts.json"
        out.parent.mkdir(parents=True, exist_ok=True)
        counts = {p.name: len(p.read_text().splitlines()) for p in sorted(Path("src").glob("*.py"))}
        out.write_text(json.dumps(counts))
        """,
        "FINAL([out.suffix, out.exists(), json.loads(out.read_text())])",
        final=[".json", True, {"app.py": 23, "util.py": 7}],
    ),
    snippet(
        "a long list is shown in part",
        """
        items = [f"item {n}" for n in range(1000)]
        def show(items, limit=3):
            more = f" … and {len(items) - limit} more" if len(items) > limit else ""
            print(", ".join(items[:limit]) + more)
        show(items)
        """,
        printed="item 0, item 1, item 2 … and 997 more\n",
    ),
    snippet(
        "the last expression shows itself",
        "sorted({doc.path.split('/')[0] for doc in context})",
        printed="['data', 'docs', 'logs', 'notes', 'src']\n",
    ),
    snippet(
        "variables listed before the end",
        """
        evidence = ["src/app.py:7"]
        print(SHOW_VARS()["evidence"])
        """,
        "FINAL_VAR('evidence')",
        final=["src/app.py:7"],
    ),
    snippet(
        "an answer put together with its evidence",
        """
        line = context.search(r"^MAX_ITEMS")[0]
        answer = f'''A cart holds at most 50 items.

        Evidence: `{line.text}` ({line.path}:{line.line})'''
        FINAL(answer.replace("        ", ""))
        """,
        final="A cart holds at most 50 items.\n\nEvidence: `MAX_ITEMS = 50` (src/app.py:7)",
    ),
    snippet(
        "a loop that ends when enough is found",
        """
        found, queue = [], list(context.paths)
        while queue and len(found) < 2:
            path = queue.pop(0)
            if "50" in context[path]:
                found.append(path)
        else:
            print("stopped after", len(context.paths) - len(queue))
        FINAL(found)
        """,
        final=["src/app.py", "docs/guide.md"],
    ),
)
