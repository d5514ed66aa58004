"""The machine in its helper process: the host's pipe on one side, the component on the other.

Standard input and output are the pipes of the host: first the key of the frames and the corpus,
then frames. Nothing of a cell is parsed here: sizes are checked and text is put into frames.
"""

import json
import os
import time
from importlib import import_module
from typing import Any, Final

from rlm_sandbox.errors import ProtocolError
from rlm_sandbox.frames import (
    FROM_CHILD,
    FROM_HOST,
    KEY_BYTES,
    FrameReader,
    FrameWriter,
    Kind,
    split,
)
from rlm_sandbox.jail.seal import LayerMissing, seal
from rlm_sandbox.wasm.lifetime import die_with_host, gone

_READ_BYTES: Final = 1 << 16
_SLEEP_S_MAX: Final = 86_400.0
_PYTHON_BYTES: Final = 24 << 20
"""What Python itself takes of the machine's memory before the first cell."""


def serve(component: str, *, memory_bytes: int, host_pid: int, sealed: bool) -> None:
    """Run the component until the host is gone or the machine has stopped.

    A `sealed` helper goes into the kernel's jail before the component runs.
    """
    if not sealed:
        die_with_host(host_pid)
    pipe = _HostPipe()
    wasmtime: Any = import_module("wasmtime")
    components: Any = import_module("wasmtime.component")
    own = engine()
    store = wasmtime.Store(own)
    store.set_limits(memory_size=_PYTHON_BYTES + memory_bytes)
    # Nothing is given: no folder, no variable, no argument, no stream, no address.
    store.set_wasi(wasmtime.WasiConfig())
    linker = components.Linker(own)
    linker.add_wasip2()
    with linker.root() as root:
        root.add_func("receive", pipe.receive)
        root.add_func("send", pipe.send)
        root.add_func("corpus", pipe.corpus)
        root.add_func("sleep", pipe.sleep)
    try:
        machine = linker.instantiate(store, components.Component.deserialize_file(own, component))
        run = machine.get_func(store, "serve")
        if sealed:
            seal(read_fd=0, write_fd=1, parent_pid=host_pid, memory_bytes=memory_bytes)
        run(store)
    except LayerMissing as missing:
        pipe.give_up(missing.layer, missing.reason)
    except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
        pipe.give_up("webassembly", f"the machine stopped: {error}")


def engine() -> Any:
    """The engine that the component is compiled for and run by."""
    wasmtime: Any = import_module("wasmtime")
    return wasmtime.Engine(wasmtime.Config())


class _HostPipe:
    """The functions that the component imports; each is handed the store first."""

    def __init__(self) -> None:
        key = bytes(_read_exactly(KEY_BYTES))
        self._corpus = memoryview(_read_exactly(int.from_bytes(_read_exactly(8), "big")))
        self._reader = FrameReader(key, b"to-child", FROM_HOST)
        self._writer = FrameWriter(key, b"to-host", FROM_CHILD)

    def receive(self, _: object) -> tuple[int, str, str]:
        """The host's next message."""
        while (body := self._reader.next_body()) is None:
            self._reader.feed(os.read(0, _READ_BYTES) or gone())
        kind, fields, text = split(body)
        return kind, fields.decode(), str(text, "utf-8")

    def send(self, _: object, kind: int, fields: str, text: str) -> str:
        """Send a message of the machine; returns why it was refused, or nothing."""
        try:
            frames = self._writer.frames_of(kind, fields.encode(), text.encode())
        except ProtocolError as error:
            return str(error)
        for frame in frames:
            rest = memoryview(frame)
            while rest:
                rest = rest[os.write(1, rest) :]
        return ""

    def give_up(self, layer: str, reason: str) -> None:
        """Tell the host why there is no machine, or none any more."""
        fields = json.dumps({"layer": layer, "reason": reason[:2000]})
        self.send(None, Kind.BROKEN, fields, "")

    def sleep(self, _: object, seconds: float) -> None:
        """Wait, as long as the host lets us."""
        time.sleep(min(max(seconds, 0.0), _SLEEP_S_MAX))

    def corpus(self, _: object, offset: int, size: int) -> str:
        """Bytes of the corpus, each as a character."""
        return str(self._corpus[offset : offset + size], "latin-1")


def _read_exactly(size: int) -> bytearray:
    data = bytearray(size)
    rest = memoryview(data)
    while rest:
        read = os.read(0, min(len(rest), 1 << 20)) or gone()
        rest[: len(read)] = read
        rest = rest[len(read) :]
    return data
