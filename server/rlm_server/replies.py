"""What sub-models said in earlier questions, sealed between one session and the next."""

import logging
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from anyio.to_thread import run_sync
from rlm_crystal.errors import CrystalError

from rlm_server.archive import Archive
from rlm_server.explaining import explained

if TYPE_CHECKING:
    from rlm_engine.call_cache import CallCache

_NAME: Final = "replies"
_log = logging.getLogger(__name__)


class Replies:
    """One cache for all questions of a session. No question fails for want of it.

    Of several processes the last to write is kept: what is lost is paid for again.
    """

    def __init__(self, archive: Archive, environ: Mapping[str, str]) -> None:
        self._archive = archive
        self._environ = environ
        self._cache: CallCache | None = None

    async def cache(self) -> "CallCache":
        """The cache, read at its first use."""
        if self._cache is None:
            read = await run_sync(self._read)
            self._cache = self._cache or read
        return self._cache

    async def keep(self) -> None:
        """Seal what was said since it was last read or kept."""
        if self._cache is None or not self._cache.changed:
            return
        self._cache.changed = False
        try:
            await run_sync(self._archive.traces().put, _NAME, self._cache.to_bytes())
        except (CrystalError, OSError) as error:
            _log.warning("replies of sub-calls cannot be kept: %s", explained(error))

    def _read(self) -> "CallCache":
        from rlm_engine.call_cache import CallCache
        from rlm_engine.models.settings import addresses_in

        place = sha256("\0".join(addresses_in(self._environ)).encode()).hexdigest()[:16]
        try:
            data = self._archive.traces().get(_NAME)
            if data is not None:
                return CallCache.from_bytes(data, place=place)
        except (CrystalError, OSError, ValueError) as error:
            _log.warning("kept replies of sub-calls cannot be read: %s", explained(error))
        return CallCache(place=place)
