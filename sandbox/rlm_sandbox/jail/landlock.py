"""Landlock: no file, no TCP port, no signal or abstract socket outside; deny all, by ABI.

Stops by itself: opening, making, renaming and running files; TCP bind and connect (ABI 4);
signals and abstract sockets to other processes (ABI 6). Does not stop UDP, DNS, unix sockets
with a path, or namespaces: seccomp does.

Constants from include/uapi/linux/landlock.h; ABI history from
Documentation/userspace-api/landlock.rst.
"""

import ctypes
import struct
from typing import Final

from rlm_sandbox.jail import syscalls

CREATE_RULESET_VERSION: Final = 1 << 0  # LANDLOCK_CREATE_RULESET_VERSION

# LANDLOCK_ACCESS_FS_*: bits 0..12 in ABI 1, REFER (13) in 2, TRUNCATE (14) in 3, IOCTL_DEV (15)
# in 5. LANDLOCK_ACCESS_NET_*: BIND_TCP (0), CONNECT_TCP (1) in 4.
# LANDLOCK_SCOPE_*: ABSTRACT_UNIX_SOCKET (0), SIGNAL (1) in 6.
_FS_BITS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_FS_BITS_NEWEST: Final = 16
_NET_ABI: Final = 4
_SCOPE_ABI: Final = 6


def abi() -> int:
    """The Landlock ABI of this kernel, 0 where there is none or it is switched off."""
    version, errno = syscalls.call(
        syscalls.LANDLOCK_CREATE_RULESET, None, 0, CREATE_RULESET_VERSION
    )
    return 0 if errno else version


def ruleset(abi_version: int) -> bytes:
    """`struct landlock_ruleset_attr` that handles, and so denies, all this ABI knows."""
    fs = (1 << _FS_BITS.get(abi_version, _FS_BITS_NEWEST)) - 1
    net = 0b11 if abi_version >= _NET_ABI else None
    scoped = 0b11 if abi_version >= _SCOPE_ABI else None
    fields = [field for field in (fs, net, scoped) if field is not None]
    return struct.pack(f"={len(fields)}Q", *fields)


def restrict() -> int:
    """Deny everything Landlock knows to this thread for good; returns the ABI used.

    Raises OSError. Needs no_new_privs (or CAP_SYS_ADMIN) first.
    """
    version = abi()
    if version < 1:
        raise OSError(38, "the kernel has no Landlock (5.13 or newer, with lsm=landlock)")
    attributes = ruleset(version)
    fd, errno = syscalls.call(
        syscalls.LANDLOCK_CREATE_RULESET,
        ctypes.create_string_buffer(attributes, len(attributes)),
        len(attributes),
        0,
    )
    if errno:
        raise OSError(errno, "landlock_create_ruleset failed")
    _, errno = syscalls.call(syscalls.LANDLOCK_RESTRICT_SELF, fd, 0)
    if errno:
        raise OSError(errno, "landlock_restrict_self failed")
    return version
