"""The model that the client lends us for a question: MCP sampling.

Used where the client declares it and the operator named no model. What is asked goes through the
client, which may show it to its user; a refusal is an error of the model. In the handshake era a
request is pushed to the client as it comes; `rounds.py` has the other way.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio

from rlm_server.providers import redaction_of
from rlm_server.redaction import RedactingModel
from rlm_server.settings import EXTRACTIVE, Settings

if TYPE_CHECKING:
    from mcp.server.session import ServerSession
    from mcp.shared.message import ServerMessageMetadata
    from mcp.types import CreateMessageRequestParams, CreateMessageResult
    from rlm_engine.limits import RunLimits
    from rlm_engine.model import Completion, Message, Model

NAME: Final = "mcp-sampling"
# A person may have to allow it first.
PATIENCE_S: Final = 300.0


class Lender(Protocol):
    """A client that answers as a model; all its errors are ModelErrors."""

    async def ask(
        self, params: "CreateMessageRequestParams", *, of_root: bool
    ) -> "CreateMessageResult": ...

    def limits(self, limits: "RunLimits") -> "RunLimits":
        """What one question may take of this client."""
        ...


_lender: ContextVar[Lender | None] = ContextVar("lender", default=None)


@contextmanager
def lent_by(lender: Lender | None) -> Generator[None]:
    """Questions asked within the block, and in tasks it starts, may use this client's model."""
    token = _lender.set(lender)
    try:
        yield
    finally:
        _lender.reset(token)


def lender_for(settings: Settings, environ: Mapping[str, str]) -> Lender | None:
    """The client of this call, if its model is to be used: nothing else was chosen."""
    return _lender.get() if nothing_chosen(settings, environ) else None


def nothing_chosen(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether neither the operator nor a setting names a model."""
    chosen = environ.get("RLM_MODEL", "").strip() or environ.get("RLM_SUB_MODEL", "").strip()
    return not chosen and (settings.model, settings.sub_model) == (EXTRACTIVE, EXTRACTIVE)


@dataclass(frozen=True, slots=True)
class WhoeverLends:
    """The client of the call in which something is asked, whichever that is."""

    async def ask(
        self, params: "CreateMessageRequestParams", *, of_root: bool
    ) -> "CreateMessageResult":
        """Ask it; ModelNotConfigured where it lends nothing."""
        from rlm_engine.errors import ModelNotConfigured

        lender = _lender.get()
        if lender is None:
            raise ModelNotConfigured(
                "no model is named (RLM_MODEL) and the client lends none; print the passages and"
                " read them yourself"
            )
        return await lender.ask(params, of_root=of_root)

    def limits(self, limits: "RunLimits") -> "RunLimits":
        """Those of the client of this call."""
        lender = _lender.get()
        return limits if lender is None else lender.limits(limits)


def lent_models(lender: Lender, settings: Settings) -> "tuple[Model, Model]":
    """The client's model as the root's and as that of sub-calls, shown no secrets."""
    redaction = redaction_of(settings)
    root, sub = LentModel(lender, of_root=True), LentModel(lender, of_root=False)
    return RedactingModel(root, redaction), RedactingModel(sub, redaction)


@dataclass(frozen=True, slots=True)
class LentModel:
    """A Model that is whatever the client makes it. Its tokens are estimated, its price unknown."""

    lender: Lender
    of_root: bool

    @property
    def name(self) -> str:
        """One name for all, since a client may choose another model each time."""
        return NAME

    async def complete(self, messages: "Sequence[Message]", *, max_tokens: int) -> "Completion":
        """Ask the client; a ModelError says why it gave no reply."""
        from rlm_engine.errors import ReplyEmpty
        from rlm_engine.model import Completion, tokens_at_most
        from rlm_engine.tokens import estimated_tokens

        result = await self.lender.ask(_params(messages, max_tokens), of_root=self.of_root)
        text: str = getattr(result.content, "text", "")
        completion = Completion(
            text,
            tokens_at_most(messages),
            estimated_tokens(text),
            0.0,
            price_known=False,
            cut=result.stop_reason == "maxTokens",
        )
        if not text.strip():
            raise ReplyEmpty("the client's model answered with no text", billed=completion)
        return completion

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:  # noqa: ARG002
        """Nothing that we know of: it is on the client's account."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Pushing:
    """A client of the handshake era: each request is sent to it at once.

    It goes with the answer to the call as long as that is open: over HTTP a client need not listen
    to anything else.
    """

    session: "ServerSession"
    request_id: str

    async def ask(
        self,
        params: "CreateMessageRequestParams",
        *,
        of_root: bool,  # noqa: ARG002
    ) -> "CreateMessageResult":
        """Send the request and wait for the answer; ModelRefused where there is none."""
        from mcp.shared.exceptions import MCPError
        from mcp.types import CreateMessageRequest, CreateMessageResult
        from pydantic import ValidationError
        from rlm_engine.errors import ModelRefused

        try:
            with anyio.fail_after(PATIENCE_S):
                return await self.session.send_request(
                    CreateMessageRequest(params=params), CreateMessageResult, metadata=self._with()
                )
        except TimeoutError:
            raise ModelRefused(f"the client gave no answer within {PATIENCE_S:.0f} s") from None
        except MCPError as error:
            raise ModelRefused(f"the client refused to lend its model ({error.code})") from None
        except ValidationError:
            raise ModelRefused("the client's answer is none of a model") from None

    def limits(self, limits: "RunLimits") -> "RunLimits":
        """As for any model."""
        return limits

    def _with(self) -> "ServerMessageMetadata | None":
        from mcp.shared.message import ServerMessageMetadata

        open_still = self.session.can_send_request
        return ServerMessageMetadata(related_request_id=self.request_id) if open_still else None


def _params(messages: "Sequence[Message]", max_tokens: int) -> "CreateMessageRequestParams":
    from mcp.types import CreateMessageRequestParams, SamplingMessage, TextContent

    system = "\n\n".join(each.content for each in messages if each.role == "system")
    said: list[Any] = [
        SamplingMessage(role=each.role, content=TextContent(type="text", text=each.content))
        for each in messages
        if each.role != "system"
    ]
    return CreateMessageRequestParams(
        messages=said, system_prompt=system or None, max_tokens=max_tokens
    )


def few_turns(limits: "RunLimits", *, turns: int, at_once: int) -> "RunLimits":
    """The same limits for a client that can be asked a few times only, but for much at once."""
    return replace(limits, max_iterations=min(limits.max_iterations, turns), parallel_calls=at_once)
