"""Asking models: one, many at once, chunks, map and reduce, failures, deeper runs."""

from snippets.snippet import snippet

ASKING = (
    snippet(
        "one question on one text",
        """
        log = context["logs/server.log"].text
        reply = llm_query("How many lines are there?", log)
        print(type(reply).__name__, reply)
        """,
        printed="str 6 lines\n",
    ),
    snippet(
        "a batch over documents",
        """
        docs = [doc for doc in context if doc.path.startswith("src/")]
        replies = llm_query_batched(["Summarise"] * len(docs), [doc.text for doc in docs])
        by_path = dict(zip([doc.path for doc in docs], replies))
        FINAL(by_path)
        """,
        final={"src/app.py": "23 lines", "src/util.py": "7 lines"},
    ),
    snippet(
        "chunks with an overlap",
        """
        text = context["notes/meeting.txt"].text
        size, overlap = 60, 10
        chunks = [text[i:i + size] for i in range(0, len(text), size - overlap)]
        pairs = zip(chunks, chunks[1:])
        assert all(a[-overlap:] == b[:overlap] for a, b in pairs if len(b) > overlap)
        prompts = [f"Chunk {i + 1} of {len(chunks)}:\\n{chunk}" for i, chunk in enumerate(chunks)]
        answers = llm_query_batched(prompts)
        FINAL(f"{len(answers)} answers")
        """,
        final="3 answers",
    ),
    snippet(
        "chunks at lines, packed to a size",
        """
        def pack(lines, limit):
            batch, size = [], 0
            for line in lines:
                if batch and size + len(line) + 1 > limit:
                    yield "\\n".join(batch)
                    batch, size = [], 0
                batch.append(line)
                size += len(line) + 1
            if batch:
                yield "\\n".join(batch)

        pieces = list(pack(context["logs/server.log"].lines, 100))
        FINAL([len(pieces), max(map(len, pieces)) <= 100, sum(p.count("ERROR") for p in pieces)])
        """,
        final=[3, True, 3],
    ),
    snippet(
        "map and reduce",
        """
        paths = context.paths
        prompts = [f"Size of {p}" for p in paths]
        mapped = llm_query_batched(prompts, [context[p].text for p in paths])
        table = "\\n".join(f"{p}: {m}" for p, m in zip(paths, mapped))
        """,
        """
        verdict = llm_query("Which is the largest? Answer from this table.", table)
        FINAL(f"{verdict}, first {table.splitlines()[0]}")
        """,
        final="7 lines, first src/app.py: 23 lines",
    ),
    snippet(
        "items of a batch that failed are asked again",
        """
        prompts = ["fine", "fail once", "fine too"]
        results = llm_query_batched(prompts)
        failed = [i for i, r in enumerate(results) if isinstance(r, dict) and "error" in r]
        print("failed:", failed, results[failed[0]]["message"])
        again = llm_query_batched([prompts[i].replace("fail", "try") for i in failed])
        for i, reply in zip(failed, again):
            results[i] = reply
        print(results)
        """,
        printed="failed: [1] try later\n['1 lines', '1 lines', '1 lines']\n",
    ),
    snippet(
        "an error of a call is caught and told",
        """
        try:
            text = crystal.read("src/missing.py", 1, 5)
        except HostCallError as error:
            text = f"not there: {error}"
        FINAL(text)
        """,
        final="not there: 'src/missing.py'",
    ),
    snippet(
        "a deeper run on a slice",
        """
        slice_ = [p for p in context.paths if p.startswith("docs/") or p.endswith(".txt")]
        answer = rlm_query("What is decided?", slice_)
        FINAL_VAR("answer")
        """,
        final="What is decided? -> 2",
    ),
    snippet(
        "votes on an answer",
        """
        from collections import Counter
        votes = llm_query_batched(["Is it Friday?"] * 5, [context["notes/meeting.txt"].text] * 5)
        winner, count = Counter(v.strip().lower() for v in votes).most_common(1)[0]
        FINAL({"answer": winner, "confidence": count / len(votes)})
        """,
        final={"answer": "5 lines", "confidence": 1.0},
    ),
    snippet(
        "questions kept in a cache",
        """
        from functools import lru_cache

        @lru_cache(maxsize=None)
        def ask(path: str) -> str:
            return llm_query(f"Lines of {path}?", context[path].text)

        for path in ["src/util.py", "src/util.py", "docs/guide.md"]:
            ask(path)
        print(ask.cache_info().hits, ask("docs/guide.md"))
        """,
        printed="1 15 lines\n",
    ),
)
