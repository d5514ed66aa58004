"""What an attack is: code that works in plain CPython, and the detector that sees its effect."""

from dataclasses import dataclass
from typing import Literal

Category = Literal[
    "direct", "obfuscated", "indirect", "memory-corruption", "privilege", "exfiltration", "denial"
]
Proof = Literal[
    "leak", "file", "spare", "tcp", "udp", "unix", "abstract", "victim", "memory", "tasks", "lost",
    "flood", "marker",
]  # fmt: skip
"""What is looked at from outside; only `marker` believes what was printed, for what shows nowhere
else."""

MARKER = "attack-reached-its-effect"
PRINT_MARKER = "print('attack-reached' + '-its-effect')"


@dataclass(frozen=True, slots=True)
class Payload:
    """One attack; `document` is the hostile text it finds in the context, if any.

    `@NAME@` stands for a planted thing: see planted.py.
    """

    name: str
    category: Category
    proof: Proof
    code: str
    document: str = ""


LIBC = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"

DANGEROUS_IMPORTS = (
    "import os, sys, io, socket, subprocess, shutil, pathlib, ctypes, signal, mmap, threading, "
    "multiprocessing, multiprocessing.popen_fork, asyncio, urllib.request, http.client, pickle, "
    "linecache, tokenize, configparser, importlib, importlib.util, platform, select, tempfile, "
    "random, operator, fileinput, codecs, glob, sqlite3, zipfile, tarfile, runpy, logging, "
    "logging.config, logging.handlers, xml.sax, xml.sax.handler, xml.sax.expatreader, inspect, gc, "
    "timeit, doctest, code, pkgutil, marshal, types, copy, resource, smtplib, warnings, decimal, "
    "fractions, unicodedata, difflib, typing, dataclasses, statistics, string, functools, "
    "itertools, enum, re, json, base64, zlib, struct, shlex, builtins, posix, _socket, collections"
)
"""Run before the seal, so that a payload meets the kernel and not an import that fails."""
