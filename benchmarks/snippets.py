"""Cells of the kind that a model writes over a corpus, for comparing compute: no host, no context.

They run for some tens of milliseconds each and print what they found.
"""

SNIPPETS = (
    """
import re
from collections import Counter
text = "".join(f"def name_{i}(value_{i}):\\n    return {i} * value_{i}\\n" for i in range(8000))
words = Counter(re.findall(r"[a-z_]+", text))
print(words.most_common(3))
""",
    """
import json
rows = [{"path": f"src/{i}.py", "line": i, "tags": ["a", "b"]} for i in range(12000)]
kept = [row for row in json.loads(json.dumps(rows)) if row["line"] % 3 == 0]
print(len(kept))
""",
    """
from collections import defaultdict
lines = [f"import module_{i % 40}.part_{i % 7}" for i in range(40000)]
users = defaultdict(set)
for number, line in enumerate(lines):
    _, _, module = line.partition(" ")
    users[module.split(".")[0]].add(number % 500)
print(max((len(found), name) for name, found in users.items()))
""",
    """
import textwrap, difflib
old = [f"line {i}" for i in range(600)]
new = [line if i % 9 else line + " changed" for i, line in enumerate(old)]
print(sum(1 for line in difflib.unified_diff(old, new) if line.startswith("+")))
print(len(textwrap.wrap(" ".join(old * 6), 80)))
""",
    """
from dataclasses import dataclass
import heapq
@dataclass
class Node:
    name: str
    edges: list
graph = {i: Node(str(i), [(i * 7 + 1) % 5000, (i * 3 + 2) % 5000]) for i in range(5000)}
distance, queue = {0: 0}, [(0, 0)]
while queue:
    far, at = heapq.heappop(queue)
    for other in graph[at].edges:
        if far + 1 < distance.get(other, 1 << 30):
            distance[other] = far + 1
            heapq.heappush(queue, (far + 1, other))
print(len(distance), max(distance.values()))
""",
    """
import math, statistics
values = [math.sin(i) * (i % 13) for i in range(30000)]
print(round(statistics.fmean(values), 3), round(statistics.pstdev(values[:3000]), 3))
print(sum(sorted(values)[-10:]) > 0)
""",
)
