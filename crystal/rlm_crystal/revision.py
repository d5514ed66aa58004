"""The commit a folder stands at, read from git's own files without running git."""

import re
from pathlib import Path

_COMMIT = re.compile(r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")
_LINKS_MAX = 5


def git_head(root: Path) -> str | None:
    """The commit id HEAD stands at in the work tree `root` lies in, or None.

    None for no repository, a repository without a commit, and a reference store other than files
    (reftable). Knows linked worktrees, submodules and packed references. Costs a few small reads.
    """
    git_dir = git_dir_of(root)
    if git_dir is None:
        return None
    value = _first_line(git_dir / "HEAD")
    for _ in range(_LINKS_MAX):
        if _COMMIT.match(value):
            return value
        if not value.startswith("ref: "):
            return None
        value = _reference(git_dir, value[5:].strip())
    return None


def git_dir_of(root: Path) -> Path | None:
    """The git folder (`.git`, or where a `.git` file points) of the work tree above `root`."""
    for folder in (root, *root.parents):
        dot_git = folder / ".git"
        if dot_git.is_dir():
            return dot_git
        if dot_git.is_file():
            return _pointed_to(dot_git)
    return None


def git_folders(root: Path) -> tuple[Path, ...]:
    """The folders whose files say where HEAD of the work tree `root` stands: its git folder, and
    that of the repository where the work tree is a linked one. Both are absolute."""
    git_dir = git_dir_of(root)
    if git_dir is None:
        return ()
    common = git_dir / (_first_line(git_dir / "commondir") or ".")
    return tuple(dict.fromkeys((git_dir.resolve(), common.resolve())))


def _pointed_to(dot_git: Path) -> Path | None:
    line = _first_line(dot_git)
    if not line.startswith("gitdir: "):
        return None
    target = dot_git.parent / line[8:].strip()
    return target if target.is_dir() else None


def _reference(git_dir: Path, name: str) -> str:
    """What reference `name` holds: a commit id, another `ref:` or empty. A name is never a path
    that leaves the git folder."""
    if ".." in name.split("/") or name.startswith("/") or ":" in name:
        return ""
    common = git_dir / (_first_line(git_dir / "commondir") or ".")
    for folder in (git_dir, common):
        value = _first_line(folder / name)
        if value:
            return value
    return _packed(common / "packed-refs", name)


def _packed(packed_refs: Path, name: str) -> str:
    for line in _text(packed_refs).splitlines():
        commit, _, reference = line.partition(" ")
        if reference == name:
            return commit
    return ""


def _first_line(path: Path) -> str:
    return _text(path).partition("\n")[0].strip()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
