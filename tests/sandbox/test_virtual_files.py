"""`open()` in the sandbox: files in memory, the corpus read-only, a quota, and no way out."""

import io

import pytest
from rlm_sandbox.virtual_files import VirtualFiles

DOCUMENTS = {"src/a.py": "corpus text\n", "src/deep/b.py": "b", "README.md": "r"}


def files(quota_bytes: int = 1000) -> VirtualFiles:
    return VirtualFiles(quota_bytes, DOCUMENTS.get, lambda: DOCUMENTS)


def test_what_is_written_can_be_read_again():
    virtual = files()
    with virtual.open("notes/a.txt", "w") as file:
        file.write("one\n")  # type: ignore[arg-type]
    with virtual.open("./notes/a.txt", "a") as file:
        file.write("two\n")  # type: ignore[arg-type]

    assert list(virtual.open("/notes/a.txt")) == ["one\n", "two\n"]
    assert virtual.open("notes/a.txt", "rb").read() == b"one\ntwo\n"
    assert virtual.names() == ["notes/a.txt"]


def test_documents_of_the_corpus_open_for_reading_and_stay_as_they_are():
    virtual = files()
    with virtual.open("src/a.py", "w") as file:
        file.write("mine")  # type: ignore[arg-type]
    virtual.remove("src/a.py")

    assert virtual.open("src/a.py").read() == "corpus text\n"
    with pytest.raises(io.UnsupportedOperation):
        virtual.open("src/a.py", "rb").write(b"x")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("../etc/passwd", PermissionError),
        ("a/../../b", PermissionError),
        ("a\\..\\b", PermissionError),
        ("/etc/passwd", FileNotFoundError),
        ("/", IsADirectoryError),
        ("", IsADirectoryError),
        ("a\0b", ValueError),
        ("x" * 600, ValueError),
        (3, TypeError),
    ],
)
def test_names_lead_nowhere_else(name: object, error: type[Exception]):
    with pytest.raises(error):
        files().open(name)


def test_a_missing_file_tells_what_there_is():
    with pytest.raises(FileNotFoundError, match=r"context\.paths"):
        files().open("missing")


def test_the_quota_holds_for_one_file_and_for_all():
    virtual = files(quota_bytes=10)
    with pytest.raises(OSError, match="10 bytes"):
        virtual.open("a", "wb").write(b"x" * 11)
    with virtual.open("a", "wb") as file:
        file.write(b"x" * 8)  # type: ignore[arg-type]
    second = virtual.open("b", "wb")
    second.write(b"y" * 8)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="10 bytes"):
        second.close()

    assert virtual.names() == ["a", "b"]


@pytest.mark.parametrize("mode", ["", "rw", "q", "b"])
def test_an_odd_mode_is_refused(mode: str):
    with pytest.raises(ValueError, match="invalid mode"):
        files().open("src/a.py", mode)


def test_a_path_reads_writes_and_deletes_what_open_reaches():
    virtual = files()
    path = virtual.path("out") / "notes.txt"

    assert (path.exists(), path.write_text("one"), path.read_text()) == (False, 3, "one")
    assert virtual.open(path).read() == "one"
    assert (path.parent.is_dir(), path.parent.is_file(), path.is_file()) == (True, False, True)
    path.write_bytes(b"two")
    assert (path.read_bytes(), virtual.path("src/a.py").read_text()) == (b"two", "corpus text\n")
    path.unlink()
    path.unlink(missing_ok=True)
    assert virtual.names() == []


def test_the_parts_of_a_path_are_called_as_in_pathlib():
    path = files().path("src", "./deep/b.tar.gz")

    assert (path.name, path.stem, path.suffix) == ("b.tar.gz", "b.tar", ".gz")
    assert (str(path.parent), path.parts) == ("src/deep", ("src", "deep", "b.tar.gz"))
    assert str(path.with_suffix(".zip")) == "src/deep/b.tar.zip"
    assert repr(path.with_name("c")) == "Path('src/deep/c')"
    assert {path, files().path("src/deep/b.tar.gz")} == {path}
    assert path.suffix == files().path(path).suffix


@pytest.mark.parametrize(
    ("folder", "pattern", "names"),
    [
        (".", "*", ["README.md"]),
        (".", "**/*.py", ["src/a.py", "src/deep/b.py"]),
        (".", "src/*.py", ["src/a.py"]),
        ("src", "**/deep/?.py", ["src/deep/b.py"]),
        ("src", "**", ["src/a.py", "src/deep/b.py"]),
        ("missing", "**", []),
    ],
)
def test_a_glob_finds_files_and_documents(folder: str, pattern: str, names: list[str]):
    path = files().path(folder)

    assert sorted(map(str, path.glob(pattern))) == names
    assert sorted(map(str, files().path("/").iterdir())) == ["README.md", "src"]
    assert sorted(map(str, path.rglob("*.md"))) == (["README.md"] if folder == "." else [])


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/../etc/passwd"])
def test_no_path_leads_elsewhere(name: str):
    path = files().path(name)
    for use in (path.exists, path.read_text, path.unlink, lambda: path.write_text("x")):
        with pytest.raises(PermissionError):
            use()
    with pytest.raises(FileNotFoundError):
        files().path("/etc/passwd").read_text()


def test_the_quota_holds_for_paths():
    with pytest.raises(OSError, match="10 bytes"):
        files(quota_bytes=10).path("a").write_text("x" * 11)
