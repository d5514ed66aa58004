"""A reader written from docs/sealed-format.md alone: nothing of ours but what made the data.

Between the two lines only the standard library, `cryptography` and `zstandard` are used.
"""

import base64
import hashlib
import json
import sqlite3
import struct
import zlib
from itertools import accumulate, pairwise
from math import prod
from pathlib import Path
from typing import Any

import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from rlm_crystal.build import build, refresh
from rlm_crystal.codec import to_pages
from rlm_crystal.estate import Corpus, Estate
from rlm_crystal.gate import Gate
from rlm_crystal.home import Home, corpus_id
from rlm_memory.memory import Memory
from rlm_memory.types import Citation, Episode

DOCUMENT = Path(__file__).parents[2] / "docs" / "sealed-format.md"

# ---- the reader -----------------------------------------------------------------------------


def derive(key: bytes, text: str, size: int = 32) -> bytes:
    info = b"rlm-mcp/v1/" + text.encode()
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(key)


def labelled(text: str) -> bytes:
    return struct.pack(">I", len(text.encode())) + text.encode()


def handle(page_key: bytes, *labels: str) -> str:
    digest = hashlib.blake2b(key=derive(page_key, "name"), digest_size=16)
    for label in labels:
        digest.update(labelled(label))
    return digest.hexdigest()


def open_page(
    page_key: bytes, sealed: bytes, corpus: str, name: str, generation: int = 0, content: int = 1
) -> bytes:
    magic, version, header_bytes, flags, key_check, raw, body, nonce, checksum = struct.unpack(
        ">8sHHI8sQI12sI", sealed[:52]
    )
    assert (magic, version, header_bytes) == (b"RLMPAGE\0", 1, 52)
    assert checksum == zlib.crc32(sealed[:48])
    assert key_check == derive(page_key, "key-check", 8)
    assert len(sealed) == 52 + body
    associated = sealed[:52] + struct.pack(">HQ", content, generation)
    associated += labelled(corpus) + labelled(name)
    page = AESGCM(page_key).decrypt(nonce, sealed[52:], associated)
    page = zstandard.ZstdDecompressor().decompress(page) if flags == 1 else page
    assert len(page) == raw
    return page


class Reader:
    """The home of somebody whose key is in a file."""

    def __init__(self, data: Path, config: Path) -> None:
        self.master = base64.b64decode((config / "rlm-mcp.key").read_text())
        check = (data / "keycheck").read_text().strip()
        assert check == derive(self.master, "key-check", 8).hex()
        self.folder = data / check

    def purpose(self, name: str) -> bytes:
        return derive(self.master, "purpose/" + name)

    def corpora(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in (self.folder / "corpora").iterdir():
            sealed = (folder / "label").read_bytes()
            name = "label/" + folder.name
            label = json.loads(open_page(self.purpose("label"), sealed, "home", name))
            assert folder.name == handle(self.purpose("handle"), label["corpus"])
            found[label["corpus"]] = folder
        return found

    def pages(self, corpus: str, folder: Path) -> dict[str, bytes]:
        key = self.purpose("crystal")
        sealed = (folder / "crystal" / "current").read_bytes()
        current = json.loads(open_page(key, sealed, corpus, "manifest"))[0]
        pages: dict[str, bytes] = {}
        for name, entry in current["pages"].items():
            sealed = (folder / "crystal" / "pages" / entry["file"]).read_bytes()
            assert (len(sealed), sealed[-16:].hex()) == (entry["sealed_bytes"], entry["tag"])
            page = open_page(key, sealed, corpus, "page/" + name, entry["generation"])
            assert hashlib.blake2b(page, digest_size=32).hexdigest() == entry["digest"]
            pages[name] = page
        return pages

    def episodes(self, corpus: str, folder: Path) -> list[dict[str, Any]]:
        key = self.purpose("memory")
        database = sqlite3.connect(folder / "memory" / "memory.sqlite3")
        ((sealed,),) = database.execute("SELECT sealed FROM header").fetchall()
        keys = database.execute("SELECT zone, version, sealed FROM keys").fetchall()
        rows = database.execute("SELECT id, zone, key_version, sealed FROM rows").fetchall()
        links = database.execute("SELECT seq, key_version, sealed FROM chain ORDER BY seq")
        head = open_page(key, sealed, corpus, "memory/header")
        store, count, last, total_marks, chain_end = struct.unpack(">16sQQ16s16s", head)
        store = store.hex()
        mark_key = bytes.fromhex(handle(key, "mark", corpus))
        marked = [(name + page[-16:].hex()).encode() for name, *_, page in (*rows, *keys)]
        marks = [hashlib.blake2b(each, digest_size=16, key=mark_key).hexdigest() for each in marked]
        total = sum(int(mark, 16) for mark in marks) % (1 << 128)
        assert (count, int.from_bytes(total_marks)) == (len(rows), total)
        names = {handle(key, "key", store, zone): zone for zone in (*ZONES, "chain")}
        data_keys = {
            names[zone]: open_page(key, page, store, f"memory/key/{names[zone]}", 0, version)
            for zone, version, page in keys
        }
        end = ""
        for seq, version, page in links:
            link = open_page(data_keys["chain"], page, store, "memory/chain", seq, version)
            assert link[:16].hex() == end or seq == 1
            assert json.loads(link[16:])["act"] == "remember"
            end = handle(data_keys["chain"], "chain", end, page[-16:].hex())
        assert (chain_end.hex(), last) == (end, seq)
        database.close()
        slot = (folder / "memory" / "memory.witness").read_bytes()[seq % 2 * 92 :][:92]
        seen = open_page(key, slot, store, f"memory/witness/{seq % 2}")
        assert seen == struct.pack(">Q16s", seq, bytes.fromhex(end))
        places = {handle(key, "zone", store, zone, level): (zone, level) for zone, level in PLACES}
        memos: list[dict[str, Any]] = []
        for row_id, place, version, page in rows:
            zone, level = places[place]
            name = f"row/{zone}/{level}/{row_id}"
            memos.append(json.loads(open_page(data_keys[zone], page, store, name, 0, version)))
        return memos


ZONES = ("public", "internal", "confidential", "secret")
PLACES = [(zone, level) for zone in ZONES for level in ("episode", "trace", "category", "domain")]
ITEM = {"|i1": "b", "|u1": "B", "<u2": "H", "<i4": "i", "<i8": "q", "<f4": "f"}


def columns(page: bytes) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
    assert page[:4] == b"RLMC"
    (length,) = struct.unpack_from("<I", page, 4)
    head = json.loads(page[8 : 8 + length])
    arrays: dict[str, tuple[Any, ...]] = {}
    at = 8 + length
    for name, kind, shape in head["arrays"]:
        at += -at % 8
        form = f"<{prod(shape)}{ITEM[kind]}"
        arrays[name] = struct.unpack_from(form, page, at)
        at += struct.calcsize(form)
    return head["meta"], arrays


def strings(arrays: dict[str, tuple[Any, ...]], name: str) -> list[str]:
    ends = list(accumulate(arrays[f"{name}-lengths"]))
    blob = bytes(arrays[f"{name}-blob"])
    return [blob[a:b].decode() for a, b in pairwise([0, *ends])]


def texts(pages: dict[str, bytes]) -> dict[str, str]:
    manifest, masks = columns(pages["manifest"])
    assert manifest["format"] == 5
    found: dict[str, str] = {}
    for segment in range(manifest["segments"]):
        _, files = columns(pages[f"segment-{segment}-files"])
        paths, bounds = strings(files, "paths"), files["text_pages"]
        for page, (first, end) in enumerate(pairwise(bounds)):
            frames, at = pages[f"segment-{segment}-text-{page}"], 0
            for file in range(first, end):
                size = files["frame_bytes"][file]
                frame, at = frames[at : at + size], at + size
                if masks[f"alive-{segment}"][file // 8] & (0x80 >> file % 8):
                    text = zstandard.ZstdDecompressor().decompress(frame)
                    found[paths[file]] = text.decode()
    return found


# ---- what it reads --------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "corpus"
    (root / "shop").mkdir(parents=True)
    for number in range(12):
        (root / "shop" / f"part{number}.py").write_text(
            f'class Part{number}:\n    """Part {number} of the shop."""\n\n'
            f"    def price(self):\n        return Part{max(0, number - 1)}\n"
        )
    (root / "notes.md").write_text("# Ölpreis\n\nWas ein Teil kostet: 日本.\n")
    return root


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return Home.from_environ({"RLM_HOME": str(tmp_path / "home")})


def seal(root: Path, place: Home) -> Corpus:
    """An index, a change on top of it, and a question that was answered."""
    estate = Estate(place, Gate.open({}, place).keyring)
    corpus = Corpus(corpus_id([root]), (root,))
    crystal = build([root], workers=0)
    estate.crystal(corpus).write_generation(to_pages(crystal))
    (root / "shop" / "part3.py").write_text("def changed():\n    return 3\n")
    (root / "shop" / "part4.py").unlink()
    estate.crystal(corpus).write_generation(to_pages(refresh(crystal)))
    memory = Memory.open(estate.memory_folder(corpus), estate.keyring, scope=corpus.id)
    cited = (Citation("shop/part1.py", 1, 2, verified=True),)
    memory.remember(Episode.of_answer("What is part 1?", "A class.", time_s=1.0, citations=cited))
    memory.close()
    return corpus


def test_a_reader_written_from_the_document_reads_a_home(root: Path, place: Home) -> None:
    corpus = seal(root, place)
    reader = Reader(place.data, place.config)
    ((found, folder),) = reader.corpora().items()
    assert found == corpus.id
    on_disk = {
        path.relative_to(root).as_posix(): path.read_text()
        for path in root.rglob("*")
        if path.is_file()
    }
    assert texts(reader.pages(found, folder)) == on_disk
    (memo,) = reader.episodes(found, folder)
    assert memo["episode"]["answer"] == "A class."
    assert memo["episode"]["citations"][0]["path"] == "shop/part1.py"


def test_the_document_names_everything_that_is_in_a_page(root: Path, place: Home) -> None:
    seal(root, place)
    reader = Reader(place.data, place.config)
    ((corpus, folder),) = reader.corpora().items()
    document = DOCUMENT.read_text()
    missing: set[str] = set()
    for name, page in reader.pages(corpus, folder).items():
        plain = "-".join("N" if part.isdigit() else part for part in name.split("-"))
        if page[:4] == b"RLMC":
            meta, arrays = columns(page)
            named = [plain, *meta, *(part for array in arrays for part in parts(array))]
        else:
            named = [plain.removesuffix("N") + "M"]
        missing |= {each for each in named if f"`{each}" not in document}
    assert missing == set()


def parts(array: str) -> list[str]:
    """The names the document uses for one array: tables and pools are named once."""
    for table in ("files", "chunks", "definitions", "references", "landmarks"):
        if array.startswith(table + "-"):
            return [f"{table}-*", array.removeprefix(table + "-")]
    for end in ("-blob", "-lengths", "-by-end"):
        if array.endswith(end):
            return [array.removesuffix(end), "NAME" + end]
    return [array.split("-")[0] + "-" if array[-1].isdigit() else array]
