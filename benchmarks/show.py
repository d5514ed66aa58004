"""What the crystal promises, each by one command, with what it is measured on fetched first.

    python benchmarks/show.py table|index|map|freshness|kill|canary [--to DIR]

- table: commit message to changed file on five repositories: others' rankings, ours, and ours with
  one feature left out at a time (`ablation.py`)
- index: Flask, Django, and corpora of 10 and 50 million tokens made of released packages: CPU,
  memory, questions (`index.py`), and what a question costs over a million chunks (`million.py`)
- map: what a map keeps at each budget, on the five repositories (`map.py`)
- freshness: what is served is what is on disk, whatever happens to the files (pytest)
- kill: commands killed at 50 random instants each; what is left opens (`kill.py`)
- canary: nothing of a corpus stands on disk in clear, also after a kill (pytest)

Repositories are cloned by git and packages downloaded by pip into DIR, `rlm-mcp-shown` beside this
checkout unless told otherwise; what is there already is taken as it is, a repository as
`owner+name`. `--few` asks and kills a fifth as often and leaves the corpora of millions of tokens
out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from large_corpus import unpacked

HERE: Final = Path(__file__).resolve().parent
# Not inside: what git ignores there is not indexed.
BESIDE: Final = HERE.parent.parent / "rlm-mcp-shown"
REPOSITORIES: Final = (
    "pytest-dev/pytest",
    "sphinx-doc/sphinx",
    "sqlalchemy/sqlalchemy",
    "vuejs/core",
    "gohugoio/hugo",
)
PACKAGES: Final = ("flask==3.1.3", "django==5.2.19")
TOKENS: Final = (10_000_000, 50_000_000)
QUERIES: Final = 150
KILLS: Final = 50
FEW: Final = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("what", choices=["table", "index", "map", "freshness", "kill", "canary"])
    parser.add_argument("--to", type=Path, default=BESIDE, metavar="DIR")
    parser.add_argument("--few", action="store_true", help="a smaller, quicker run")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    queries = str(QUERIES // FEW if options.few else QUERIES)
    match options.what:
        case "table":
            _run("ablation.py", *_repositories(options.to), "--queries", queries)
        case "map":
            _run("map.py", *_repositories(options.to), "--queries", queries)
        case "index":
            _index(options.to.resolve(), few=options.few)
        case "kill":
            _run("kill.py", "--runs", str(KILLS // FEW if options.few else KILLS))
        case "freshness":
            _test("tests/system", "-k", "freshness")
        case _:
            _test("tests/system/test_canary.py")


def _repositories(to: Path) -> list[str]:
    folders: list[str] = []
    for name in REPOSITORIES:
        folder = to / name.replace("/", "+")
        if not folder.exists():
            _say(f"cloning {name}")
            clone = ["git", "clone", "--quiet", f"https://github.com/{name}", str(folder)]
            subprocess.run(clone, check=True)
        folders.append(str(folder))
    return folders


def _index(to: Path, *, few: bool) -> None:
    folders = [to / package.replace("==", "-") for package in PACKAGES]
    for package, folder in zip(PACKAGES, folders, strict=True):
        if not folder.exists() and not unpacked(package, folder):
            sys.exit(f"{package} cannot be downloaded")
        _say(f"\n{package}")
        _run("index.py", "--root", str(folder))
    for tokens in () if few else TOKENS:
        folder = to / f"tokens-{tokens}"
        _run("large_corpus.py", "--to", str(folder), "--tokens", str(tokens))
        _say(f"\n{tokens:,} tokens")
        _run("index.py", "--root", str(folder), "--repeat", "1", "--questions", "100")
    if not few:
        _run("million.py", "--root", str(folders[-1]))


def _run(script: str, *arguments: str) -> None:
    _exits([sys.executable, str(HERE / script), *arguments])


def _test(*arguments: str) -> None:
    _exits([sys.executable, "-m", "pytest", "-v", *arguments], cwd=HERE.parent)


def _exits(command: list[str], cwd: Path | None = None) -> None:
    finished = subprocess.run(command, cwd=cwd, check=False)
    if finished.returncode:
        sys.exit(finished.returncode)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
