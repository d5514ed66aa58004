"""Another key for everything: nothing is lost however it ends, and running servers follow."""

import base64
import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from dying import Killed, die_at
from rlm_crystal.errors import CrystalError, KeyRetired, NoCrystal
from rlm_crystal.estate import Corpus, Estate
from rlm_crystal.gate import Gate
from rlm_crystal.home import Home
from rlm_crystal.keys import KEY_FILE, SALT_FILE, Keyring, KeySource, load_keyring
from rlm_crystal.types import Progress
from rlm_memory.memory import Memory
from rlm_memory.types import Episode
from rlm_server.errors import RotationRefused
from rlm_server.manner import Manner
from rlm_server.rotation import Rotated, rotate
from services import first_path, serving, silent

UNWATCHED = Manner(ready_wait_s=60, fresh_wait_s=60, watch=False)
OLD_KEY, NEW_KEY = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
SHOP, EMPTY = Corpus("shop", (Path("/shop"),)), Corpus("empty", ())
PAGES = {"manifest": b"the manifest", "chunks": b"chunks " * 300, "none": b""}


@dataclass(frozen=True)
class Content:
    """All that a home holds, opened."""

    corpora: list[Corpus]
    pages: dict[str, bytes]
    generation: int
    traces: dict[str, bytes | None]
    settings: bytes | None
    episodes: list[tuple[str, str]]


def filled(home: Home, environ: dict[str, str]) -> Content:
    """Seal something of every kind; what was there is given back."""
    estate = Estate(home, Gate.open(environ, home).keyring)
    store = estate.crystal(SHOP)
    store.write_generation(PAGES | {"chunks": b"first"})
    store.write_generation(PAGES)
    estate.traces(SHOP).put("trace-1", b"how it was found")
    estate.traces(EMPTY).put("trace-2", b"nothing was found")
    estate.settings().put("settings", b"{}")
    memory = Memory.open(estate.memory_folder(SHOP), estate.keyring, scope=SHOP.id)
    for number in range(3):
        memory.remember(Episode(f"the voucher is number {number}", time_s=1.0))
    memory.close()
    return content(home, environ)


def content(home: Home, environ: dict[str, str]) -> Content:
    estate = Estate(home, Gate.open(environ, home).keyring)
    corpora, wrong = estate.corpora()
    assert wrong == {}
    store = estate.crystal(SHOP)
    with pytest.raises(NoCrystal):
        estate.crystal(EMPTY).current()
    memory = Memory.open(estate.memory_folder(SHOP), estate.keyring, scope=SHOP.id)
    recalled = memory.recall("voucher", now_s=1.0).found
    assert not memory.stats().altered
    memory.close()
    traces = {
        name: estate.traces(corpus).get(name)
        for corpus in corpora
        for name in estate.traces(corpus).names()
    }
    return Content(
        sorted(corpora, key=lambda corpus: corpus.id),
        {page: store.read(page) for page in store.pages()},
        store.current(),
        traces,
        estate.settings().get("settings"),
        sorted((each.id, each.episode.text) for each in recalled),
    )


def turn(
    environ: dict[str, str],
    *,
    to: KeySource | None = None,
    secret: str = "",
    leave_damaged: bool = False,
) -> Rotated:
    def chosen(_: KeySource) -> str:
        return secret

    return rotate(environ, to=to, secret=chosen, leave_damaged=leave_damaged, progress=silent)


@pytest.fixture
def home(environ: dict[str, str]) -> Home:
    return Home.from_environ(environ)


@pytest.mark.parametrize(
    ("given", "to", "secret", "then"),
    [
        ({}, None, "", {}),
        ({"RLM_KEY": OLD_KEY}, None, NEW_KEY, {"RLM_KEY": NEW_KEY}),
        ({}, "env", NEW_KEY, {"RLM_KEY": NEW_KEY}),
        ({"RLM_KEY": OLD_KEY}, "file", "", {}),
        (
            {"RLM_PASSPHRASE": "correct horse"},
            None,
            "battery staple",
            {"RLM_PASSPHRASE": "battery staple"},
        ),
        ({}, "passphrase", "battery staple", {"RLM_PASSPHRASE": "battery staple"}),
    ],
)
def test_everything_is_there_under_the_new_key_and_nothing_under_the_old(
    given: dict[str, str],
    to: KeySource | None,
    secret: str,
    then: dict[str, str],
    home: Home,
    environ: dict[str, str],
) -> None:
    before = filled(home, environ | given)
    rotated = turn(environ | given, to=to, secret=secret)
    assert (rotated.corpora, rotated.left_out) == (2, ())
    assert rotated.now.check != rotated.before.check
    assert content(home, environ | then) == before
    assert home.estates() == (rotated.now.check,)
    assert home.unfinished() == ()
    if given != then:
        assert Gate.open(environ | given, home).failure is not None
    assert not any(home.config.glob("*.next"))


def test_the_key_before_opens_not_one_file_that_is_left(
    home: Home, environ: dict[str, str]
) -> None:
    filled(home, environ)
    rotated = turn(environ)
    old = Estate(home, rotated.before, folder=home.estate_dir(rotated.now.check))
    _, wrong = old.corpora()
    assert len(wrong) == 2
    assert rotated.before.text not in (home.config / KEY_FILE).read_text()


def test_a_rotation_may_follow_a_rotation(home: Home, environ: dict[str, str]) -> None:
    before = filled(home, environ)
    keys = {turn(environ).now.check for _ in range(3)}
    assert len(keys) == 3
    assert content(home, environ) == before


def test_the_same_key_again_is_refused(home: Home, environ: dict[str, str]) -> None:
    given = environ | {"RLM_KEY": OLD_KEY}
    before = filled(home, given)
    with pytest.raises(RotationRefused, match="the one in use"):
        turn(given, secret=OLD_KEY)
    assert content(home, given) == before


def test_a_key_that_is_none_changes_nothing(home: Home, environ: dict[str, str]) -> None:
    before = filled(home, environ)
    spoilt: dict[KeySource, str] = {"env": "spoilt", "passphrase": "short"}
    for source, secret in spoilt.items():
        with pytest.raises(CrystalError):
            turn(environ, to=source, secret=secret)
    assert content(home, environ) == before


def spoil_page(estate: Estate) -> None:
    for page in (estate.folder / "corpora").rglob("*.page"):
        page.write_bytes(page.read_bytes()[:-1])


def spoil_trace(estate: Estate) -> None:
    for record in (estate.folder / "corpora").rglob("trace-1.sealed"):
        record.write_bytes(b"junk")


def spoil_memory(estate: Estate) -> None:
    (estate.memory_folder(SHOP) / "memory.sqlite3").write_bytes(b"junk" * 100)


def spoil_label(estate: Estate) -> None:
    for label in (estate.folder / "corpora").rglob("label"):
        label.unlink()


@pytest.mark.parametrize("spoil", [spoil_page, spoil_trace, spoil_memory, spoil_label])
def test_what_cannot_be_opened_stops_a_rotation_unless_it_is_given_up(
    spoil: Callable[[Estate], None], home: Home, environ: dict[str, str]
) -> None:
    filled(home, environ)
    estate = Estate(home, Gate.open(environ, home).keyring)
    spoil(estate)
    with pytest.raises(RotationRefused, match="leave-damaged"):
        turn(environ)
    assert home.estates() == (estate.keyring.check,)
    assert home.unfinished() == ()
    rotated = turn(environ, leave_damaged=True)
    assert rotated.left_out
    assert home.estates() == (rotated.now.check,)


def test_a_full_disk_is_told_and_leaves_everything_as_it_was(
    home: Home, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled(home, environ)
    real = os.write
    written: list[int] = []

    def full(descriptor: int, data: bytes) -> int:
        written.append(len(data))
        if len(written) > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(RotationRefused, match="No space left on device"):
            turn(environ)
    assert content(home, environ) == before
    assert home.unfinished() == ()
    assert not any(home.config.glob("*.next"))


@pytest.mark.parametrize("to", ["file", "env"])
def test_a_rotation_killed_at_any_call_leaves_everything_under_one_key(
    to: KeySource, home: Home, environ: dict[str, str], tmp_path: Path
) -> None:
    before = filled(home, environ)
    kept = tmp_path / "kept"
    shutil.copytree(environ["RLM_HOME"], kept)
    # Every eleventh call here; benchmarks/kill.py kills real processes at any instant.
    call, opened_with = 1 if to == "env" else 6, set[bool]()
    while True:
        shutil.rmtree(environ["RLM_HOME"])
        shutil.copytree(kept, environ["RLM_HOME"])
        with pytest.MonkeyPatch.context() as patch:
            seen = die_at(call, patch)
            with contextlib.suppress(Killed):
                turn(environ, to=to, secret=NEW_KEY)
        if len(seen) < call:
            break
        new = {"RLM_KEY": NEW_KEY} if to == "env" else {}
        rotated = to == "env" and Gate.open(environ, home).failure is not None
        opened_with.add(rotated)
        now = environ | (new if rotated else {})
        assert content(home, now) == before
        assert (len(home.estates()), home.unfinished()) == (1, ())
        assert not any(home.config.glob("*.next"))
        call += 11
    assert call > 60
    assert opened_with == ({False, True} if to == "env" else {False})


def test_a_lost_marker_beside_data_of_two_keys_is_not_guessed(
    home: Home, environ: dict[str, str]
) -> None:
    filled(home, environ)
    home.estate_dir("0" * 16).mkdir()
    home.key_marker.unlink()
    failure = Gate.open(environ, home).failure
    assert failure is not None
    assert "0" * 16 in str(failure)


def test_a_salt_that_was_never_committed_is_not_put_in_place(
    home: Home, environ: dict[str, str]
) -> None:
    given = environ | {"RLM_PASSPHRASE": "correct horse"}
    before = filled(home, given)
    salt = home.config / SALT_FILE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rlm_server.rotation.commit", raise_killed)
        patch.setattr("rlm_server.rotation._take_back", raise_killed)
        with contextlib.suppress(Killed):
            turn(given, secret="correct horse")
    assert (home.config / (SALT_FILE + ".next")).exists()
    kept = salt.read_bytes()
    assert content(home, given) == before
    assert salt.read_bytes() == kept
    assert not (home.config / (SALT_FILE + ".next")).exists()


def test_a_process_that_starts_while_the_key_changes_finds_the_new_one(
    home: Home, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home, environ)
    rotated: list[Rotated] = []

    def load_after_a_rotation(*arguments: Any, **options: Any) -> Keyring:
        monkeypatch.undo()  # the rotation opens the gate too
        rotated.append(turn(environ))
        return load_keyring(*arguments, **options)

    monkeypatch.setattr("rlm_crystal.gate.load_keyring", load_after_a_rotation)
    assert Gate.open(environ, home).keyring.check == rotated[0].now.check


def raise_killed(*_: object) -> None:
    raise Killed


def rotated_meanwhile(environ: dict[str, str], secret: str = "") -> Rotated:
    return turn(environ, secret=secret)


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_running_server_goes_on_under_a_key_it_can_find(
    repository: Path, environ: dict[str, str], home: Home
) -> None:
    async with serving(repository, environ, UNWATCHED) as service:
        await service.ask("where is the total price computed", silent)
        rotated = await anyio.to_thread.run_sync(rotated_meanwhile, environ)
        (repository / "shop" / "voucher.py").write_text("def redeem_voucher():\n    return 1\n")
        assert await first_path(service, "redeem voucher") == "shop/voucher.py"
        await service.ask("where is a voucher redeemed", silent)
        await service.change_setting("max_iterations", "7")
        issues = await service.validate()
    assert [issue for issue in issues if issue.severity != "note"] == []
    assert home.estates() == (rotated.now.check,)
    async with serving(repository, environ, UNWATCHED) as service:
        assert await first_path(service, "redeem voucher") == "shop/voucher.py"
        assert service.opened is not None
        recalled = await service.opened.recollection.recall(
            "total price, voucher redeemed", 5, service.state.crystal.read
        )
        settings = {setting.key: setting.value for setting in await service.settings()}
        stats = await service.session_stats()
    assert len(recalled) == 2
    assert settings["max_iterations"] == 7
    assert (stats.refreshes, stats.rebuilds) == (0, 1)


@pytest.mark.asyncio
async def test_a_running_server_whose_key_is_given_to_it_says_what_to_do(
    repository: Path, environ: dict[str, str], home: Home
) -> None:
    given = environ | {"RLM_KEY": OLD_KEY}
    async with serving(repository, given, UNWATCHED) as service:
        await service.view(silent)
        rotated = await anyio.to_thread.run_sync(rotated_meanwhile, given, NEW_KEY)
        for _ in range(2):
            with pytest.raises(KeyRetired, match="Put the new key where"):
                await service.view(silent)
        with pytest.raises(KeyRetired):
            await service.reindex("full", silent)
    assert home.estates() == (rotated.now.check,)
    async with serving(repository, environ | {"RLM_KEY": NEW_KEY}, UNWATCHED) as service:
        assert await first_path(service, "sum of all prices") == "shop/cart.py"


def test_progress_is_told(environ: dict[str, str], home: Home) -> None:
    filled(home, environ)
    told: list[Progress] = []
    rotate(environ, to=None, secret=lambda _: "", leave_damaged=False, progress=told.append)
    assert [(each.done, each.total) for each in told] == [(0, 0), (0, 2), (1, 2)]
