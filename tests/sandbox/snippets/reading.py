"""Reading formats: JSON, CSV, Markdown, HTML, logs, base64, source code."""

from snippets.snippet import snippet

READING = (
    snippet(
        "JSON that a model wrote in a fence",
        r"""
        import json, re
        reply = 'Sure!\n```json\n{"items": [1, 2], "ok": true}\n```\nDone.'
        match = re.search(r"```(?:json)?\s*(\{.*?\})\s*```", reply, re.DOTALL)
        data = json.loads(match.group(1)) if match else {}
        FINAL(data)
        """,
        final={"items": [1, 2], "ok": True},
    ),
    snippet(
        "broken JSON is told and left out",
        """
        import json
        good, bad = [], []
        for n, line in enumerate(['{"a": 1}', '{"a": }', '{"a": 3}'], 1):
            try:
                good.append(json.loads(line)["a"])
            except json.JSONDecodeError as error:
                bad.append((n, error.msg))
        print(good, bad)
        """,
        printed="[1, 3] [(2, 'Expecting value')]\n",
    ),
    snippet(
        "CSV by its header",
        """
        import csv, io
        rows = list(csv.DictReader(io.StringIO(context["data/sales.csv"].text)))
        by_region = {}
        for row in rows:
            by_region[row["region"]] = by_region.get(row["region"], 0.0) + float(row["amount"])
        FINAL(by_region)
        """,
        final={"north": 220.0, "south": 120.25, "west": 10.0},
    ),
    snippet(
        "CSV read from lines and written to a file",
        """
        import csv
        table = csv.DictReader(context["data/sales.csv"].lines)
        rows = [row for row in table if row["region"] == "south"]
        with open("south.csv", "w", newline="") as f:
            writer = csv.DictWriter(f, fieldnames=["date", "amount"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        print(open("south.csv").read().splitlines())
        """,
        printed="['date,amount', '2026-01-09,80.00', '2026-02-20,40.25']\n",
    ),
    snippet(
        "headings of Markdown as a tree",
        r"""
        import re
        tree, path = [], []
        for number, line in enumerate(context["docs/guide.md"].lines, 1):
            if m := re.match(r"(#+)\s+(.*)", line):
                level = len(m[1])
                path = path[: level - 1] + [m[2]]
                tree.append(f"{number}: {' > '.join(path)}")
        FINAL(tree[-1])
        """,
        final="13: Guide > Carts > Totals",
    ),
    snippet(
        "text of HTML",
        """
        import html
        from html.parser import HTMLParser

        class Text(HTMLParser):
            def __init__(self):
                super().__init__()
                self.parts = []
            def handle_data(self, data):
                if data.strip():
                    self.parts.append(data.strip())

        parser = Text()
        parser.feed("<p>Tom &amp; <b>Ann</b></p><!-- no -->")
        print(parser.parts, html.escape("<a>"))
        """,
        printed="['Tom &', 'Ann'] &lt;a&gt;\n",
    ),
    snippet(
        "base64 and a hash",
        """
        import base64, hashlib
        text = base64.b64decode("U2hvcA==").decode()
        print(text, hashlib.sha256(text.encode()).hexdigest()[:8], base64.b64encode(b"ok").decode())
        """,
        printed="Shop d00aae6b b2s=\n",
    ),
    snippet(
        "a syntax tree of source",
        """
        import ast
        tree = ast.parse(context["src/app.py"].text)
        found = []
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.append((node.lineno, type(node).__name__, node.name, ast.get_docstring(node)))
        FINAL([list(item) for item in sorted(found)])
        """,
        final=[
            [10, "ClassDef", "Cart", "Items of one customer."],
            [13, "FunctionDef", "add", None],
            [17, "FunctionDef", "total", None],
            [21, "FunctionDef", "load", "Read a cart."],
        ],
    ),
    snippet(
        "a literal of Python that a model wrote",
        """
        import ast
        reply = "[('src/app.py', 7), ('src/util.py', 1)]"
        places = ast.literal_eval(reply)
        FINAL([f"{path}:{line}" for path, line in places])
        """,
        final=["src/app.py:7", "src/util.py:1"],
    ),
)
