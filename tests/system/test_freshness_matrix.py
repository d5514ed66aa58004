"""Whatever is done to a workspace, what is served is what a fresh index of it would hold.

Each case is a generator: what it does up to its first `yield` is there when the service begins;
at each further `yield` the service must have caught up. All are run with the events of the system,
and one of each sort without, where every answer looks at the disk.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest
from rlm_server.manner import Manner
from small_repository import CART, git
from workspace import EVENTS, UNWATCHED, Workspace, served

Steps = Iterator[None]
VOUCHER = "def redeem_voucher(code):\n    return code\n"
GIFT = "def wrap_gift(box):\n    return box\n"

BOTH = pytest.mark.parametrize("manner", [EVENTS, UNWATCHED], ids=["events", "looking"])
WITH_EVENTS: dict[str, Callable[[Path], Steps]] = {}
LOOKING: dict[str, Callable[[Path], Steps]] = {}


def case(steps: Callable[[Path], Steps]) -> Callable[[Path], Steps]:
    WITH_EVENTS[steps.__name__.replace("_", " ")] = steps
    return steps


def case_with_and_without_events(steps: Callable[[Path], Steps]) -> Callable[[Path], Steps]:
    LOOKING[steps.__name__.replace("_", " ")] = steps
    return case(steps)


async def check(workspace: Workspace) -> None:
    held = await workspace.held()
    assert held == await anyio.to_thread.run_sync(workspace.on_disk)
    assert (await workspace.service.status()).revision.head == workspace.head()


async def follow(
    steps: Callable[[Path], Steps], repository: Path, home: Path, manner: Manner
) -> None:
    doing = steps(repository)
    next(doing)
    async with served(home, repository, manner=manner) as workspace:
        watching = (await workspace.service.status()).watching
        assert watching == ("events" if manner.watch else "looking before every answer")
        count = 0
        for _ in doing:
            await check(workspace)
            count += 1
    assert count


# How editors save.


@case
def truncate_and_write(root: Path) -> Steps:
    yield
    (root / "shop/cart.py").write_text(VOUCHER)
    yield


@case_with_and_without_events
def a_write_in_two_halves(root: Path) -> Steps:
    yield
    with (root / "shop/cart.py").open("w") as file:
        file.write(VOUCHER)
        file.flush()
        yield
        file.write(GIFT)
    yield


@case_with_and_without_events
def write_to_a_new_file_and_rename_it_over(root: Path) -> Steps:
    yield
    (root / "shop/.cart.py.tmp").write_text(VOUCHER)
    (root / "shop/.cart.py.tmp").replace(root / "shop/cart.py")
    yield


@case
def keep_a_backup_and_write_anew_as_vim_does(root: Path) -> Steps:
    yield
    (root / "shop/4913").write_text("")
    (root / "shop/4913").unlink()
    (root / "shop/cart.py").rename(root / "shop/cart.py~")
    (root / "shop/cart.py").write_text(VOUCHER)
    (root / "shop/cart.py~").unlink()
    yield


@case
def keep_a_backup_for_good_as_emacs_does(root: Path) -> Steps:
    yield
    shutil.copy2(root / "shop/cart.py", root / "shop/cart.py~")
    (root / "shop/cart.py").write_text(VOUCHER)
    yield


@case
def delete_and_create(root: Path) -> Steps:
    yield
    (root / "shop/cart.py").unlink()
    yield
    (root / "shop/cart.py").write_text(VOUCHER)
    yield


@case
def a_write_through_another_name_of_the_file(root: Path) -> Steps:
    os.link(root / "shop/cart.py", root / "shop/basket.py")
    yield
    (root / "shop/basket.py").write_text(VOUCHER)
    yield


# Files and folders that come, go and change their kind.


@case_with_and_without_events
def new_files_in_new_folders(root: Path) -> Steps:
    yield
    (root / "a/b/c").mkdir(parents=True)
    (root / "a/b/c/voucher.py").write_text(VOUCHER)
    yield
    (root / "a/b/c/gift.py").write_text(GIFT)
    yield


@case
def a_file_renamed(root: Path) -> Steps:
    yield
    (root / "shop/cart.py").rename(root / "shop/basket.py")
    yield


@case
def a_file_renamed_in_case_only(root: Path) -> Steps:
    yield
    git(root, "mv", "shop/cart.py", "shop/Cart.py")
    yield
    (root / "shop/Cart.py").write_text(VOUCHER)
    yield


@case
def a_folder_renamed_and_a_file_in_it_changed(root: Path) -> Steps:
    (root / "shop/deep/er").mkdir(parents=True)
    (root / "shop/deep/er/gift.py").write_text(GIFT)
    yield
    (root / "shop").rename(root / "store")
    yield
    (root / "store/deep/er/gift.py").write_text(VOUCHER)
    yield


@case
def a_folder_moved_out_and_another_moved_in(root: Path) -> Steps:
    outside = root.with_name("outside")
    (outside / "deep").mkdir(parents=True)
    (outside / "deep/voucher.py").write_text(VOUCHER)
    yield
    (root / "shop").rename(root.with_name("shop-of-before"))
    outside.rename(root / "shop")
    yield
    (root.with_name("shop-of-before") / "cart.py").write_text(GIFT)
    (root / "shop/deep/voucher.py").write_text(GIFT)
    yield


@case
def a_folder_removed(root: Path) -> Steps:
    yield
    shutil.rmtree(root / "shop")
    yield


@case_with_and_without_events
def a_file_replaced_by_a_folder_and_back(root: Path) -> Steps:
    (root / ".gitignore").write_text("*.log\n")
    yield
    (root / "shop/cart.py").unlink()
    (root / "shop/cart.py").mkdir()
    (root / "shop/cart.py/voucher.py").write_text(VOUCHER)
    (root / "shop/cart.py/voucher.log").write_text(VOUCHER)
    yield
    shutil.rmtree(root / "shop/cart.py")
    (root / "shop/cart.py").write_text(CART)
    yield


@case
def a_folder_replaced_by_a_file(root: Path) -> Steps:
    yield
    shutil.rmtree(root / "shop")
    (root / "shop").write_text("closed for good\n")
    yield


@case
def links_that_lead_in_circles(root: Path) -> Steps:
    (root / "shop/again").symlink_to(root, target_is_directory=True)
    yield
    (root / "shop/self").symlink_to("self")
    (root / "shop/cart.py").unlink()
    (root / "shop/cart.py").symlink_to("checkout.py")
    yield


@case_with_and_without_events
def a_file_that_grows_too_large_and_shrinks(root: Path) -> Steps:
    yield
    (root / "shop/cart.py").write_text("price = 1\n" * 200_000)
    yield
    (root / "shop/cart.py").write_text(VOUCHER)
    yield


@case
def a_file_that_turns_binary_and_back(root: Path) -> Steps:
    yield
    (root / "shop/cart.py").write_bytes(b"\0" * 300)
    yield
    (root / "shop/cart.py").write_text(VOUCHER)
    yield


# Ignore files.


@case_with_and_without_events
def an_ignore_file_that_hides_and_shows(root: Path) -> Steps:
    (root / ".gitignore").write_text("hidden/\n")
    (root / "hidden/deep").mkdir(parents=True)
    (root / "hidden/deep/voucher.py").write_text(VOUCHER)
    (root / "gift.py").write_text(GIFT)
    yield
    (root / ".gitignore").write_text("gift.py\n")
    yield
    (root / "hidden/deep/voucher.py").write_text(GIFT)
    yield
    (root / ".rlmignore").write_text("hidden/\n")
    yield
    (root / ".rlmignore").unlink()
    (root / ".gitignore").unlink()
    yield


@case
def ignore_files_without_git(root: Path) -> Steps:
    shutil.rmtree(root / ".git")
    (root / ".gitignore").write_text("hidden/\n")
    (root / "hidden").mkdir()
    (root / "hidden/voucher.py").write_text(VOUCHER)
    yield
    (root / ".gitignore").write_text("shop/cart.py\n")
    yield
    (root / "hidden/voucher.py").write_text(GIFT)
    yield


@case
def what_git_is_told_to_exclude(root: Path) -> Steps:
    (root / "gift.py").write_text(GIFT)
    yield
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/exclude").write_text("gift.py\n")
    yield


@case
def a_file_tracked_in_an_ignored_folder(root: Path) -> Steps:
    (root / ".gitignore").write_text("out/\n")
    (root / "out").mkdir()
    (root / "out/voucher.py").write_text(VOUCHER)
    git(root, "add", "-f", "out/voucher.py")
    yield
    (root / "out/voucher.py").write_text(GIFT)
    yield
    (root / "out/gift.py").write_text(GIFT)
    git(root, "add", "-f", "out/gift.py")
    yield
    (root / "out/gift.py").write_text(VOUCHER)
    yield


@case
def a_vendored_folder_that_is_taken_back(root: Path) -> Steps:
    (root / ".rlmignore").write_text("!vendor/ours/**\n")
    (root / "vendor/ours").mkdir(parents=True)
    yield
    (root / "vendor/ours/voucher.py").write_text(VOUCHER)
    yield
    (root / "vendor/ours/voucher.py").write_text(GIFT)
    yield


@case
def a_folder_that_becomes_an_environment(root: Path) -> Steps:
    (root / "mine/lib").mkdir(parents=True)
    (root / "mine/lib/voucher.py").write_text(VOUCHER)
    yield
    (root / "mine/pyvenv.cfg").write_text("")
    yield
    (root / "mine/pyvenv.cfg").unlink()
    yield
    (root / "mine/lib/voucher.py").write_text(GIFT)
    yield


# Git.


@case_with_and_without_events
def a_branch_switch_and_back(root: Path) -> Steps:
    git(root, "checkout", "-q", "-b", "vouchers")
    (root / "shop/cart.py").write_text(VOUCHER)
    (root / "gifts").mkdir()
    (root / "gifts/gift.py").write_text(GIFT)
    git(root, "rm", "-q", "README.md")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Vouchers")
    yield
    git(root, "checkout", "-q", "main")
    yield
    git(root, "checkout", "-q", "vouchers")
    yield


@case
def a_commit_and_its_revert(root: Path) -> Steps:
    yield
    (root / "shop/cart.py").write_text(VOUCHER)
    git(root, "commit", "-q", "-a", "-m", "Vouchers")
    yield
    git(root, "revert", "--no-edit", "HEAD")
    yield
    git(root, "reset", "-q", "--hard", "HEAD~1")
    yield
    git(root, "pack-refs", "--all")
    git(root, "commit", "-q", "--allow-empty", "-m", "Nothing")
    yield


@case
def changes_stashed_and_taken_back(root: Path) -> Steps:
    yield
    (root / "shop/cart.py").write_text(VOUCHER)
    git(root, "stash", "-q")
    yield
    git(root, "stash", "pop", "-q")
    yield


@case_with_and_without_events
def a_folder_that_becomes_a_repository(root: Path) -> Steps:
    (root / "lib").mkdir()
    (root / "lib/.gitignore").write_text("gift.py\n")
    (root / "lib/voucher.py").write_text(VOUCHER)
    (root / "lib/gift.py").write_text(GIFT)
    yield
    git(root / "lib", "init", "-q")
    yield
    git(root / "lib", "add", "-f", "gift.py")
    yield
    (root / "lib/gift.py").write_text(VOUCHER)
    yield


@case
def a_submodule_that_goes_to_another_commit(root: Path) -> Steps:
    library = root.with_name("library")
    library.mkdir()
    git(library, "init", "-q", "-b", "main")
    for text in (VOUCHER, GIFT):
        (library / "voucher.py").write_text(text)
        git(library, "add", ".")
        git(library, "commit", "-q", "-m", "More")
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library))
    git(root, "commit", "-q", "-m", "A library")
    yield
    git(root / "library", "checkout", "-q", "HEAD~1")
    yield
    (root / "library/gift.py").write_text(GIFT)
    yield
    git(root, "submodule", "--quiet", "deinit", "-f", "library")
    yield


@case
def git_that_comes_and_goes(root: Path) -> Steps:
    (root / ".gitignore").write_text("gift.py\n")
    (root / "gift.py").write_text(GIFT)
    git(root, "add", "-f", ".")
    yield
    (root / ".git").rename(root.with_name("elsewhere"))
    yield
    root.with_name("elsewhere").rename(root / ".git")
    yield


@pytest.mark.parametrize("name", WITH_EVENTS)
@pytest.mark.asyncio
async def test_events_tell_of(name: str, repository: Path, home: Path) -> None:
    await follow(WITH_EVENTS[name], repository, home, EVENTS)


@pytest.mark.parametrize("name", LOOKING)
@pytest.mark.asyncio
async def test_a_look_at_the_disk_finds(name: str, repository: Path, home: Path) -> None:
    await follow(LOOKING[name], repository, home, UNWATCHED)


@BOTH
@pytest.mark.asyncio
async def test_a_linked_worktree_is_followed_with_a_head_of_its_own(
    manner: Manner, repository: Path, home: Path
) -> None:
    tree = repository.with_name("tree")
    git(repository, "worktree", "add", "-q", "-b", "vouchers", str(tree))
    async with served(home, tree, manner=manner) as workspace:
        (tree / "shop/voucher.py").write_text(VOUCHER)
        git(tree, "add", ".")
        git(tree, "commit", "-q", "-m", "Vouchers")
        await check(workspace)
        git(tree, "commit", "-q", "--allow-empty", "-m", "Nothing")
        await check(workspace)
        git(tree, "checkout", "-q", "--detach", "HEAD~2")
        await check(workspace)
        git(repository, "commit", "-q", "--allow-empty", "-m", "Elsewhere")
        await check(workspace)


@BOTH
@pytest.mark.asyncio
async def test_a_folder_of_a_repository_is_followed_as_one(
    manner: Manner, repository: Path, home: Path
) -> None:
    async with served(home, repository / "shop", manner=manner) as workspace:
        (repository / "shop/voucher.py").write_text(VOUCHER)
        git(repository, "add", ".")
        git(repository, "commit", "-q", "-m", "Vouchers")
        await check(workspace)


@BOTH
@pytest.mark.asyncio
async def test_two_roots_are_followed_both(manner: Manner, repository: Path, home: Path) -> None:
    other = repository.with_name("other")
    (other / "lib").mkdir(parents=True)
    (other / "lib/gift.py").write_text(GIFT)
    async with served(home, repository, other, manner=manner) as workspace:
        (repository / "shop/cart.py").write_text(VOUCHER)
        (other / "lib/gift.py").write_text(VOUCHER)
        await check(workspace)
        (other / "more").mkdir()
        (other / "more/gift.py").write_text(GIFT)
        await check(workspace)


@BOTH
@pytest.mark.asyncio
async def test_a_root_that_is_removed_made_again_and_replaced_is_followed(
    manner: Manner, repository: Path, home: Path
) -> None:
    if sys.platform == "win32":
        pytest.skip("a folder that is watched cannot be removed")
    async with served(home, repository, manner=manner) as workspace:
        kept = await anyio.Path(repository).rename(repository.with_name("kept"))
        (repository / "shop").mkdir(parents=True)
        (repository / "shop/voucher.py").write_text(VOUCHER)
        await check(workspace)
        (repository / "shop/voucher.py").write_text(GIFT)
        await check(workspace)
        await anyio.to_thread.run_sync(shutil.rmtree, repository)
        await kept.rename(repository)
        await check(workspace)
        (repository / "shop/cart.py").write_text(VOUCHER)
        await check(workspace)
        if manner.watch:
            assert (await workspace.service.status()).watching == "events"
