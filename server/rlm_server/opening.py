"""Cipher, key, roots, settings: everything that must be right before anything is served."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anyio.to_thread import run_sync
from rlm_crystal.errors import CrystalError
from rlm_sandbox.spare import Spares

from rlm_server.archive import Archive
from rlm_server.errors import SettingsDamaged
from rlm_server.keeper import Inbox, Keeper
from rlm_server.manner import Manner
from rlm_server.mapped import Mapped
from rlm_server.recollection import Recollection
from rlm_server.replies import Replies
from rlm_server.repls import Repls
from rlm_server.settings import Operator, SettingsBook, load_settings
from rlm_server.viewing import Viewer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """What exists once cipher and key were found good."""

    archive: Archive
    keeper: Keeper
    viewer: Viewer
    recollection: Recollection
    replies: Replies
    mapped: Mapped
    repls: Repls
    settings_problem: str
    spares: Spares | None
    manner: Manner

    async def rest(self) -> bool:
        """Give back what the next question makes again; False where it has to be tried later."""
        self.mapped.close()
        await run_sync(self.recollection.close)
        await run_sync(_let_go_of_words)
        if self.spares is not None:
            await self.spares.rest()
        return await self.keeper.rest()

    async def close(self) -> None:
        """Give back what outlives a call."""
        await self.repls.close()
        self.recollection.close()
        self.mapped.close()
        if self.spares is not None:
            await self.spares.close()


def _let_go_of_words() -> None:
    from rlm_crystal.embed import let_go_of_words

    let_go_of_words()


def open_all(
    inbox: Inbox, roots: Sequence[Path], environ: Mapping[str, str], manner: Manner
) -> tuple[Opened, SettingsBook]:
    """Open everything, or raise a CrystalError, ServerError or OSError; builds nothing.

    Settings that cannot be read are not in force, and `settings_problem` says so: what holds then
    is what the operator set, which no stored setting could have widened.
    """
    operator = Operator.from_environ(environ)
    archive = Archive.from_environ(
        environ, roots, allow_wide=manner.allow_wide, embedder=operator.embedder
    )
    if manner.model:
        operator = operator.with_model(manner.model)
    problem = ""
    try:
        book = load_settings(archive.settings(), operator)
    except (CrystalError, SettingsDamaged) as error:
        _log.warning("the stored settings are not in force: %s", error)
        book, problem = SettingsBook(operator, {}), str(error)
    if manner.model:
        book = book.without("model", "sub_model")
    keeper = Keeper(
        archive,
        inbox,
        allow_wide=manner.allow_wide,
        persist=manner.persist,
        first_index=manner.first_index,
    )
    spares = Spares() if manner.spares else None
    opened = Opened(
        archive=archive,
        keeper=keeper,
        viewer=Viewer(keeper, inbox.crystal, archive.roots, manner),
        recollection=Recollection(archive, operator.memory),
        replies=Replies(archive, environ),
        mapped=Mapped(),
        repls=Repls(),
        settings_problem=problem,
        spares=spares,
        manner=manner,
    )
    return opened, book
