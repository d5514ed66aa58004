"""Counting, grouping, sorting, numbers and dates."""

from snippets.snippet import snippet

COUNTING = (
    snippet(
        "words counted",
        """
        import re
        from collections import Counter
        words = Counter(re.findall(r"[a-z]+", context["notes/meeting.txt"].text.lower()))
        print(words.most_common(2))
        """,
        printed="[('alice', 2), ('friday', 2)]\n",
    ),
    snippet(
        "grouped in a defaultdict",
        """
        from collections import defaultdict
        said = defaultdict(list)
        for line in context["notes/meeting.txt"].lines:
            speaker, _, words = line.partition(": ")
            said[speaker].append(words)
        FINAL({speaker: len(lines) for speaker, lines in said.items()})
        """,
        final={"Alice": 2, "Bob": 2, "Carol": 1},
    ),
    snippet(
        "files by extension, largest first",
        """
        sizes = {}
        for doc in context:
            ext = doc.path.rsplit(".", 1)[-1]
            sizes[ext] = sizes.get(ext, 0) + len(doc.lines)
        for ext, n in sorted(sizes.items(), key=lambda kv: (-kv[1], kv[0]))[:3]:
            print(f"{ext:>4}: {n}")
        """,
        printed="  py: 30\n  md: 15\n csv: 6\n",
    ),
    snippet(
        "groupby after sorting",
        """
        from itertools import groupby
        from operator import itemgetter
        rows = [line.split(" ", 3) for line in context["logs/server.log"].lines]
        rows.sort(key=itemgetter(2))
        counts = {level: len(list(group)) for level, group in groupby(rows, key=itemgetter(2))}
        FINAL(counts)
        """,
        final={"ERROR": 3, "INFO": 2, "WARN": 1},
    ),
    snippet(
        "statistics of a column",
        """
        import statistics as st
        amounts = [float(line.split(",")[2]) for line in context["data/sales.csv"].lines[1:]]
        print(f"mean={st.mean(amounts):.2f} median={st.median(amounts)} n={len(amounts)}")
        print(round(st.pstdev(amounts), 1), sum(amounts))
        """,
        printed="mean=70.05 median=80.0 n=5\n40.0 350.25\n",
    ),
    snippet(
        "time between two lines",
        """
        from datetime import datetime, timedelta
        lines = context["logs/server.log"].lines
        stamps = [datetime.strptime(l[:19], "%Y-%m-%d %H:%M:%S") for l in lines]
        gaps = [b - a for a, b in zip(stamps, stamps[1:])]
        longest = max(gaps)
        FINAL([str(longest), longest > timedelta(seconds=60), stamps[0].strftime("%a %d %b")])
        """,
        final=["0:01:30", True, "Sun 01 Mar"],
    ),
    snippet(
        "the best few with a heap",
        """
        import heapq
        lines = context["logs/server.log"].lines
        scored = [(line.count("e"), n, line) for n, line in enumerate(lines, 1)]
        top = heapq.nlargest(2, scored)
        FINAL([[n, score] for score, n, _ in top])
        """,
        final=[[4, 2], [2, 2]],
    ),
    snippet(
        "money without floats",
        """
        from decimal import Decimal
        from fractions import Fraction
        total = sum(Decimal(l.split(",")[2]) for l in context["data/sales.csv"].lines[1:])
        print(total, Fraction(1, 3) + Fraction(1, 6))
        """,
        printed="350.25 1/2\n",
    ),
    snippet(
        "sets of who is in which",
        """
        import json
        users = json.loads(context["data/users.json"].text)
        tagged = {u["name"] for u in users if u["tags"]}
        admins = {u["name"] for u in users if "admin" in u["tags"]}
        FINAL({"both": sorted(tagged & admins), "only": sorted(tagged - admins), "all": len(users)})
        """,
        final={"both": ["Ada"], "only": ["Cy"], "all": 3},
    ),
)
