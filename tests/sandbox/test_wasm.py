"""The WebAssembly backend from outside: what is missing, what is built, who may have built it."""

import importlib.util
import sys
from pathlib import Path

import anyio
import pytest
from backends import EVERY
from rlm_sandbox.availability import available
from rlm_sandbox.context import SharedContext
from rlm_sandbox.documents import Context
from rlm_sandbox.errors import ProtocolError, SandboxUnavailable
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.region import CONTENT_BYTES_MAX
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.wasm import component
from rlm_sandbox.wasm.child import Kept
from rlm_sandbox.wasm.sources import sources

wasm_only = pytest.mark.parametrize("backend", EVERY[1:])


@pytest.mark.asyncio
async def test_without_its_packages_nothing_runs_and_they_are_named(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    state = available("wasm")

    assert (state.ok, state.layers) == (False, ())
    assert state.missing == ("wasmtime", "componentize-py")
    assert "pip install 'rlm-mcp[wasm]'" in state.advice
    with pytest.raises(SandboxUnavailable, match=r"rlm-mcp\[wasm\]") as refused:
        await Sandbox.start(backend="wasm")
    assert refused.value.layer == "wasmtime, componentize-py"


@pytest.mark.asyncio
async def test_a_backend_that_is_missing_is_never_replaced_by_another(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sys, "platform", "darwin")

    with pytest.raises(SandboxUnavailable, match="kernel jail"):
        await Sandbox.start(backend="kernel")
    assert available().backend == "wasm"


def test_where_there_is_no_shared_memory_the_same_context_is_held(monkeypatch: pytest.MonkeyPatch):
    documents = [("a.py", "x = 1\n" * 400_000), ("b.md", "Tïtle \udc80")]
    with SharedContext.from_documents(documents) as shared:
        expected = b"".join(shared.pieces())
    monkeypatch.setattr(sys, "platform", "darwin")
    with SharedContext.from_documents(documents) as shared:
        own = shared.share()
    held = b"".join(own.pieces())

    assert held == expected
    assert own.size_bytes == len(held)
    assert [(each.path, each.text) for each in Context(held)] == documents


def test_the_guest_is_the_rooms_own_session_and_nothing_of_the_host():
    names = set(sources())

    assert {"session.py", "cell.py", "guard.py", "snapshot.py", "wasm/guest.py"} <= names
    assert not names & {"sandbox.py", "host.py", "redact.py", "wasm/child.py", "wasm/machine.py"}


def test_a_snapshot_counts_once_its_last_part_is_there():
    kept = Kept()
    kept.take(Message(Kind.KEEP, {"first": True, "last": True}, "old"))
    kept.take(Message(Kind.KEEP, {"first": True, "last": False}, "ne"))
    before = kept.content
    kept.take(Message(Kind.KEEP, {"first": False, "last": True}, "w"))

    assert (before, kept.content) == ("old", "new")


def test_a_snapshot_without_end_is_refused():
    kept = Kept()
    part = Message(Kind.KEEP, {}, "x" * (CONTENT_BYTES_MAX // 4))
    for _ in range(4):
        kept.take(part)

    with pytest.raises(ProtocolError, match="larger than may be kept"):
        kept.take(part)


@pytest.mark.asyncio
@pytest.mark.skipif(sys.platform == "win32", reason="Windows closes the folder by itself")
@pytest.mark.parametrize("mode", [0o720, 0o702])
async def test_machine_code_that_another_user_could_have_written_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
):
    monkeypatch.setattr(component, "PACKAGES", {})
    place = component.place(tmp_path)
    place.parent.mkdir()
    place.write_bytes(b"")
    place.parent.chmod(mode)

    with pytest.raises(SandboxUnavailable, match="another user"):
        await component.prepare(tmp_path)


@wasm_only
@pytest.mark.asyncio
async def test_a_component_that_is_damaged_is_told_as_such(backend: str, tmp_path: Path):
    place = component.place(tmp_path)
    place.parent.mkdir(mode=0o700)
    place.write_bytes(b"no machine code")

    with anyio.fail_after(30), pytest.raises(SandboxUnavailable, match="the machine stopped"):
        await Sandbox.start(backend="wasm", cache=tmp_path)
