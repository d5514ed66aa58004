"""Text tools: wrapping, comparing, formats, normal forms, templates, random samples."""

from snippets.snippet import snippet

WORDING = (
    snippet(
        "text wrapped, shortened and indented",
        """
        import textwrap
        text = " ".join(context["notes/meeting.txt"].lines)
        print(textwrap.shorten(text, 30, placeholder=" ..."))
        print(textwrap.indent(textwrap.fill(text, 40).splitlines()[0], "> "))
        """,
        printed="Alice: we ship on Friday. ...\n> Alice: we ship on Friday. Bob: the cart\n",
    ),
    snippet(
        "what differs",
        """
        import difflib
        before = ["a = 1", "b = 2", "c = 3"]
        after = ["a = 1", "b = 5", "c = 3"]
        diff = list(difflib.unified_diff(before, after, "old", "new", lineterm="", n=0))
        print(diff[3:], round(difflib.SequenceMatcher(None, "cart", "carts").ratio(), 2))
        print(difflib.get_close_matches("totl", ["total", "add", "load"], n=1))
        """,
        printed="['-b = 2', '+b = 5'] 0.89\n['total']\n",
    ),
    snippet(
        "a table with formats",
        """
        rows = [("north", 220.0), ("south", 120.25)]
        width = max(len(name) for name, _ in rows) + 2
        for name, amount in rows:
            print(f"{name.upper():<{width}}{amount:>10,.2f} {amount / 340.25:6.1%}")
        """,
        printed="NORTH      220.00  64.7%\nSOUTH      120.25  35.3%\n",
    ),
    snippet(
        "formats of a template kept in a variable",
        """
        template = "{path}:{line} {text!r:.12}"
        hits = [hit._asdict() for hit in context.search("def slug")]
        print("\\n".join(template.format(**hit) for hit in hits))
        """,
        printed="src/util.py:1 'def slug(te\n",
    ),
    snippet(
        "a prompt from a template",
        """
        from string import Template, punctuation
        prompt = Template("Question: $question\\nText:\\n$text").substitute(
            question="who?", text=context["notes/meeting.txt"].text
        )
        cleaned = "".join(c for c in "a.b!c" if c not in punctuation)
        FINAL([llm_query(prompt), cleaned])
        """,
        final=["7 lines", "abc"],
    ),
    snippet(
        "letters without accents",
        """
        import unicodedata
        def plain(text):
            parts = unicodedata.normalize("NFKD", text)
            return "".join(c for c in parts if not unicodedata.combining(c)).casefold()
        print(plain("Crème BRÛLÉE"), plain("Zoë") == "zoe")
        """,
        printed="creme brulee True\n",
    ),
    snippet(
        "a sample that can be drawn again",
        """
        import random
        picked = random.Random(7).sample(context.paths, 3)
        again = random.Random(7).sample(context.paths, 3)
        print(picked == again, len(set(picked)))
        """,
        printed="True 3\n",
    ),
    snippet(
        "ranges merged, with bisect",
        """
        from bisect import bisect_right
        def merge(spans):
            merged = []
            for start, end in sorted(spans):
                if merged and start <= merged[-1][1] + 1:
                    merged[-1][1] = max(merged[-1][1], end)
                else:
                    merged.append([start, end])
            return merged
        spans = merge([(5, 8), (1, 2), (3, 4), (20, 22)])
        starts = [start for start, _ in spans]
        FINAL([spans, bisect_right(starts, 21) - 1])
        """,
        final=[[[1, 8], [20, 22]], 1],
    ),
)
