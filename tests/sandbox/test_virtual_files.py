"""`open()` in the sandbox: files in memory, the corpus read-only, a quota, and no way out."""

import io

import pytest
from rlm_sandbox.virtual_files import VirtualFiles


def files(quota_bytes: int = 1000) -> VirtualFiles:
    return VirtualFiles(quota_bytes, {"src/a.py": "corpus text\n"}.get)


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
