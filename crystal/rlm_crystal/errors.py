"""The errors of the crystal.

CrystalError
├── HaltError               the fail-closed automaton is in HALT_ERROR: nothing is read or written
│   ├── CryptoUnavailable   the cipher is missing or failed its known-answer tests
│   └── KeyUnavailable      no key, or one that cannot be used
│       ├── KeyMalformed    a key source holds something that is not a key
│       ├── KeyExposed      a key file can be read by others
│       └── KeyRetired      the key of this data was changed, and this process has the one before
├── SealError               a sealed page cannot be opened
│   ├── WrongKey            sealed with another key
│   ├── PageTruncated       shorter than it says
│   ├── PageDamaged         a byte was changed, or the page stands where another belongs
│   ├── PageMissing         named by the manifest and not there
│   └── FormatUnknown       written by a newer version
├── StoreError              the folder of a crystal cannot be used
│   ├── NoCrystal           nothing was indexed yet
│   ├── GenerationGone      two writes came after the generation that is asked for
│   └── StoreBusy           another process writes
├── RootError               a root cannot be indexed
│   ├── RootMissing
│   └── RootRefused         the home folder, `/` or a mount root, without the flag
├── UnknownPath             no file of that name in the crystal
├── BadFilter               a filter of a query names something there is not
├── BadPattern              a regular expression that cannot be used
├── NoHistory               a repository without commits to measure on
└── EmbedderUnavailable     the embedding model asked for is not on this machine
"""


class CrystalError(Exception):
    """Base of all errors of this room; the message says what to do."""


class HaltError(CrystalError):
    """Fail-closed: the service holds no working crypto and key, so it does nothing."""


class CryptoUnavailable(HaltError):
    """The cipher cannot be loaded or fails its known-answer tests."""


class KeyUnavailable(HaltError):
    """No usable key was found."""


class KeyMalformed(KeyUnavailable):
    """A key source was given and holds something that is not a key."""


class KeyExposed(KeyUnavailable):
    """The key file can be read by other users."""


class KeyRetired(KeyUnavailable):
    """`rlm-mcp key rotate` gave the data another key than the one this process holds."""


class SealError(CrystalError):
    """A sealed page cannot be opened."""


class WrongKey(SealError):
    """The page was sealed with another key."""


class PageTruncated(SealError):
    """The page is shorter than its header says."""


class PageDamaged(SealError):
    """The page was changed, or stands where another page belongs."""


class PageMissing(SealError):
    """The manifest names a page whose file is not there."""


class FormatUnknown(SealError):
    """The page was written in a format this version does not know."""


class StoreError(CrystalError):
    """The folder of a crystal cannot be used."""


class NoCrystal(StoreError):
    """Nothing has been indexed for these roots yet."""


class GenerationGone(StoreError):
    """The generation was replaced; take the current one and begin again."""


class StoreBusy(StoreError):
    """Another process holds the write lock."""


class RootError(CrystalError):
    """A root cannot be indexed."""


class RootMissing(RootError):
    """The root does not exist, is no folder, or may not be read."""


class RootRefused(RootError):
    """The root is too wide to be meant: the home folder, `/` or a mount root."""


class UnknownPath(CrystalError):
    """The crystal holds no file of that name."""


class BadFilter(CrystalError):
    """A filter in a query cannot be meant; the message says what there is."""


class BadPattern(CrystalError):
    """The regular expression is wrong, too large, or asks for what takes more than linear time."""


class NoHistory(CrystalError):
    """There is no git history here that could be asked for."""


class EmbedderUnavailable(CrystalError):
    """The embedding model asked for is not on this machine; the message says how to get it."""
