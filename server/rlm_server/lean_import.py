"""Importing the SDK for less than it takes by itself: what `initialize` waits for longest."""

import gc
import os
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def lean_import() -> Generator[None]:
    """In this block import the SDK, and nothing whose models should be whole at once.

    Its five hundred models have pydantic build their checks when they first check something, not
    all at once: most are never used. Importing allocates much and frees nothing, so collections
    would only look through it. Packages that happen to be installed beside us and call themselves
    plugins of pydantic are neither looked for nor run, unless the operator says so.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()
    try:
        with _built_at_first_use():
            yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _built_at_first_use() -> Generator[None]:
    from pydantic import BaseModel, ConfigDict

    plain = BaseModel.model_config
    BaseModel.model_config = ConfigDict(defer_build=True)  # a model takes over what its bases say
    try:
        yield
    finally:
        BaseModel.model_config = plain
