"""Random things done to a workspace, one after another: what is served stays what is on disk.

Times decide which look meets which change, so a seed that fails once need not fail again; what
was done last is told.
"""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from small_repository import git
from workspace import served

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a change that hides its time may be told late"
)

NAMES = (
    "a", "b.py", "c.py", "d.md", "x.log", "vendor", "venv", "out", ".gitignore", ".rlmignore",
    "CACHEDIR.TAG",
)  # fmt: skip
RULES = ("out/\n", "*.log\n", "a\n", "!vendor/**\n", "*.py\n!b.py\n", "", "/b.py\n")
STEPS = 25


class Restless:
    """Does one random thing at a time below a root."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.rng = random.Random(seed)
        self.done: list[str] = []
        self.ways: list[Callable[[Path, Path], object]] = [
            self.write, self.write, self.make, self.remove, self.move, self.rule, self.commit,
            self.check_out, self.save, self.link, self.name_twice, self.turn_into_folder,
            self.burst, self.make_repository, self.write_unnoticed,
        ]  # fmt: skip

    def act(self) -> None:
        folders, files = self._there()
        way, folder = self.rng.choice(self.ways), self.rng.choice(folders)
        path = self.rng.choice([*folders[1:], *files] or folders)
        self.done.append(f"{way.__name__} {folder.name} {path.relative_to(self.root)}")
        try:
            way(folder, path)
        except (OSError, ValueError, subprocess.CalledProcessError):
            self.done[-1] += " (cannot be done)"

    def write(self, folder: Path, _: Path) -> None:
        text = f"def f{self.rng.randrange(99)}():\n    return {self.rng.randrange(9999)}\n"
        (folder / self.rng.choice(NAMES)).write_text(text)

    def make(self, folder: Path, _: Path) -> None:
        (folder / self.rng.choice(NAMES)).mkdir()

    def remove(self, _: Path, path: Path) -> None:
        shutil.rmtree(path) if path.is_dir() and path != self.root else path.unlink()

    def move(self, folder: Path, path: Path) -> None:
        path.rename(folder / self.rng.choice(NAMES))

    def rule(self, folder: Path, _: Path) -> None:
        name = self.rng.choice((".gitignore", ".rlmignore"))
        (folder / name).write_text(self.rng.choice(RULES))

    def commit(self, *_: Path) -> None:
        git(self.root, "add", "-A", *(["-f"] if self.rng.random() < 0.3 else []))
        git(self.root, "commit", "-q", "--allow-empty", "-m", "More")

    def check_out(self, *_: Path) -> None:
        git(self.root, "checkout", "-q", "-f", self.rng.choice(("HEAD~1", "main")))

    def save(self, _: Path, path: Path) -> None:
        temporary = path.with_name(".tmp")
        temporary.write_text(f"x = {self.rng.randrange(999)}\n")
        temporary.replace(path)

    def link(self, folder: Path, path: Path) -> None:
        (folder / "link").symlink_to(path)

    def name_twice(self, folder: Path, path: Path) -> None:
        os.link(path, folder / "twice.py")

    def turn_into_folder(self, _: Path, path: Path) -> None:
        path.unlink()
        path.mkdir()
        (path / "in.py").write_text("z = 1\n")

    def burst(self, folder: Path, _: Path) -> None:
        for number in range(self.rng.choice((5, 70, 300))):
            (folder / f"burst{number}.py").write_text(f"b = {self.rng.randrange(999)}\n")

    def make_repository(self, folder: Path, _: Path) -> None:
        git(folder, "init", "-q")

    def write_unnoticed(self, _: Path, path: Path) -> None:
        status = path.stat()
        if path.is_symlink() or status.st_nlink > 1:
            return  # through another name a time that was put back hides the change
        path.write_text(path.read_text().replace("e", "i"))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _there(self) -> tuple[list[Path], list[Path]]:
        folders, files = [self.root], list[Path]()
        for above, inside, names in os.walk(self.root):
            inside[:] = [name for name in inside if name != ".git"]
            folders += [Path(above, name) for name in inside if not Path(above, name).is_symlink()]
            files += [Path(above, name) for name in names]
        return sorted(folders), sorted(files)


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.asyncio
async def test_after_random_changes_what_is_served_is_what_is_on_disk(
    seed: int, repository: Path, home: Path
) -> None:
    git(repository, "commit", "-q", "--allow-empty", "-m", "Second")
    restless = Restless(repository, seed)
    async with served(home, repository) as workspace:
        for _ in range(STEPS):
            for _ in range(restless.rng.choice((1, 1, 2, 5))):
                await anyio.to_thread.run_sync(restless.act)
            held = await workspace.held()
            on_disk = await anyio.to_thread.run_sync(workspace.on_disk)
            assert held == on_disk, restless.done[-10:]
