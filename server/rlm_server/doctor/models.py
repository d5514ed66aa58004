"""The models that answer: whether they can be asked, and, where that is wanted, whether they do."""

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from rlm_server.doctor.finding import Finding
from rlm_server.providers import models_for, troubles_of
from rlm_server.settings import EXTRACTIVE, Operator, SettingsBook

if TYPE_CHECKING:
    from rlm_engine.model import Model

_QUESTION: Final = "Reply with the one word yes."
_TOKENS_MAX: Final = 64


def model(environ: Mapping[str, str]) -> Finding:
    """Whether the models named have what they need: a key, an address, a package. Asks nobody."""
    operator = Operator.from_environ(environ)
    root, sub = operator.model, operator.sub_model
    if (root, sub) == (EXTRACTIVE, EXTRACTIVE):
        seen = "none named, answers are extractive; RLM_MODEL names one"
        return Finding("model", ok=True, seen=seen, needed=False)
    for told, fix in troubles_of(operator, environ):
        return Finding("model", ok=False, seen=told, fix=fix)
    return Finding("model", ok=True, seen=root if sub == root else f"{root}; {sub} reads for it")


def models_asked(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Put one short question to each model that can be asked."""
    operator = Operator.from_environ(environ)
    if troubles_of(operator, environ):
        return
    root, sub = models_for(SettingsBook(operator, {}).settings, environ)
    asked = {operator.sub_model: sub, operator.model: root}
    for name, one in reversed(asked.items()):
        if name != EXTRACTIVE:
            yield _asked(name, one)


def _asked(name: str, asked: "Model") -> Finding:
    import anyio
    from rlm_engine.errors import ModelError, NoText
    from rlm_engine.model import Message

    async def ask() -> None:
        await asked.complete([Message("user", _QUESTION)], max_tokens=_TOKENS_MAX)

    part, began_s = f"model {name}", time.monotonic()
    try:
        anyio.run(ask)
    except NoText:  # it thought for longer than it may speak here
        pass
    except ModelError as error:
        return Finding.of_error(part, error, "docs/models.md has the line for each provider.")
    return Finding(part, ok=True, seen=f"replies within {time.monotonic() - began_s:.1f} s")
