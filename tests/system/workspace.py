"""A workspace that is served in this process from a crystal sealed beforehand."""

import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from rlm_crystal.build import build
from rlm_crystal.codec import to_pages
from rlm_crystal.gate import Gate
from rlm_crystal.home import Home
from rlm_crystal.reading import read
from rlm_crystal.types import Document, Progress
from rlm_crystal.walk import walk
from rlm_server.archive import Archive
from rlm_server.manner import Manner
from rlm_server.service import Service
from rlm_tools.search import SearchArguments, SearchReply, search

EVENTS = Manner(ready_wait_s=60, fresh_wait_s=60)
UNWATCHED = Manner(ready_wait_s=60, fresh_wait_s=60, watch=False)


def silent(_: Progress) -> None:
    """Take progress and say nothing."""


def archive_of(home: Path, *roots: Path) -> Archive:
    environ = {"RLM_HOME": str(home)}
    there = Home.from_environ(environ)
    gate = Gate.open(environ, there)
    return Archive.of(there, lambda: gate.keyring, roots)


def seal(home: Path, *roots: Path) -> None:
    """Index the roots as they are, which in this process costs little."""
    archive_of(home, *roots).store().write_generation(to_pages(build(roots, workers=0)))


@dataclass(frozen=True)
class Workspace:
    """The roots and the service on them."""

    roots: tuple[Path, ...]
    service: Service

    async def search(self, query: str, limit: int = 8) -> SearchReply:
        return await search(self.service, SearchArguments(query=query, limit=limit), silent)

    async def lines_of(self, name: str) -> list[int]:
        """The lines of the corpus that define the function, where search shows them."""
        found: list[int] = []
        for hit in (await self.search(name, limit=20)).results:
            lines = self._read(hit.path).splitlines()[hit.start_line - 1 : hit.end_line]
            shown = enumerate(lines, hit.start_line)
            found += [number for number, line in shown if line.startswith(f"def {name}(")]
        return found

    def head(self) -> str:
        """The commit the first root stands at, as git itself says, or ""."""
        asked = ["git", "rev-parse", "--verify", "-q", "HEAD"]
        done = subprocess.run(asked, cwd=self.roots[0], capture_output=True, check=False)
        return done.stdout.decode().strip()

    def _read(self, path: str) -> str:
        return next(root / path for root in self.roots if (root / path).exists()).read_text()

    async def held(self) -> dict[str, str]:
        """The files that are served, with the hash of their content."""
        view = await self.service.view(silent)
        assert view.revision.caught_up
        return {entry.path: entry.content_hash for entry in view.crystal.files}

    def on_disk(self) -> dict[str, str]:
        """The same of what an index made from nothing at this moment would hold."""
        documents = (read(source) for source in walk(self.roots).sources)
        return {d.path: d.content_hash for d in documents if isinstance(d, Document)}


@asynccontextmanager
async def served(home: Path, *roots: Path, manner: Manner = EVENTS) -> AsyncGenerator[Workspace]:
    """The roots, indexed as they are now and served while the block lasts."""
    await anyio.to_thread.run_sync(lambda: seal(home, *roots))
    service = Service(roots, {"RLM_HOME": str(home)}, manner=manner)
    with anyio.fail_after(180):
        async with service.serving():
            await service.view(silent)
            yield Workspace(roots, service)
