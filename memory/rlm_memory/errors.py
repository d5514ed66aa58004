"""The errors of the memory.

RecallError
├── MemoryLocked    the store was sealed with another key
├── MemoryDamaged   the database or its header cannot be read
├── MemoryUnknown   another version of rlm-mcp wrote it
├── MemoryBusy      another process holds the write lock for too long
├── SnapshotRefused there is no snapshot of this name, or one already, or it cannot be opened
├── ImportRefused   a file holds nothing that could be remembered
└── AccessDenied    there is no such memory for this agent: it is absent, or not its to see
"""


class RecallError(Exception):
    """Base of all errors of this room; the message says what to do."""


class MemoryLocked(RecallError):
    """The store was sealed with another key; it is not opened and not written to."""


class MemoryDamaged(RecallError):
    """The database or its header cannot be read. A single damaged row is no reason for this."""


class MemoryUnknown(RecallError):
    """The store has a schema this version does not know."""


class MemoryBusy(RecallError):
    """Another process is writing and did not finish in time."""


class SnapshotRefused(RecallError):
    """There is no snapshot of this name, or one already, or it cannot be opened."""


class ImportRefused(RecallError):
    """The file or folder holds nothing that could be remembered, or cannot be read."""


class AccessDenied(RecallError):
    """The same for what is absent and for what is not this agent's: neither can be told apart."""
