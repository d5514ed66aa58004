"""The WebAssembly backend: CPython compiled to WASI, in a process of its own, reaching nothing.

componentize-py makes a component of the room's own REPL and the CPython it brings; wasmtime runs
it. Both are kept by the Bytecode Alliance and are the extra `rlm-mcp[wasm]`.
"""
