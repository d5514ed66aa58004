"""Makes a large corpus out of released packages, for measuring what size costs.

    python benchmarks/large_corpus.py --to DIR --tokens 50000000

Packages are downloaded by pip and unpacked in turn until the files that would be indexed come to
so many tokens (bytes over four); what is there already counts and is not downloaded again. Source
archives are taken where making their metadata needs no compiler, wheels elsewhere.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from rlm_crystal.walk import walk

BYTES_PER_TOKEN = 4
DOWNLOAD_S = 600
SOURCES = """
    sphinx networkx twisted django sympy sqlalchemy celery wagtail buildbot nltk mypy moto
    ansible-core salt mercurial transformers plotly kubernetes homeassistant ansible
"""
WHEELS = """
    numpy scipy pandas matplotlib scikit-learn statsmodels astropy bokeh langchain-community
    azure-mgmt-network
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=10_000_000)
    options = parser.parse_args()
    held = 0
    for name in _in_turn():
        folder = options.to / name
        if not folder.exists() and not unpacked(name, folder):
            print(f"{name}: cannot be had, left out", flush=True)
            continue
        found = walk([folder], allow_wide=True).sources
        tokens = sum(source.size_bytes for source in found) // BYTES_PER_TOKEN
        held += tokens
        print(f"{name}: {len(found):,} files, {tokens:,} tokens; {held:,} so far", flush=True)
        if held >= options.tokens:
            return
    sys.exit(f"all packages together hold {held:,} tokens only")


def _in_turn() -> list[str]:
    """Two source archives and a wheel at a time, so that every size is a mixture of both."""
    sources, wheels = SOURCES.split(), WHEELS.split()
    mixed: list[str] = []
    while sources or wheels:
        mixed += [*sources[:2], *wheels[:1]]
        del sources[:2], wheels[:1]
    return mixed


def unpacked(name: str, folder: Path) -> bool:
    """Whether the package could be downloaded and lies in the folder now."""
    kind = "--only-binary" if name in WHEELS.split() else "--no-binary"
    with tempfile.TemporaryDirectory() as downloads:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--dest", downloads, kind, name.partition("==")[0], name]
        try:
            subprocess.run(command, check=True, timeout=DOWNLOAD_S)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return False
        for archive in Path(downloads).iterdir():
            if archive.suffix == ".whl":
                with zipfile.ZipFile(archive) as wheel:
                    wheel.extractall(folder)
            else:
                with tarfile.open(archive) as source:
                    source.extractall(folder, filter="data")
    return folder.exists()


if __name__ == "__main__":
    main()
