"""Builds the bundle for one-click installation: `python mcpb/build.py [FILE]`.

A bundle holds our wheel and the names of what it needs; the host's `uv` brings Python and the rest
for the system it runs on. `npx @anthropic-ai/mcpb validate mcpb/manifest.json` checks the manifest.
"""

import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PROJECT = """[project]
name = "rlm-mcp-bundle"
version = "{version}"
requires-python = "{python}"
dependencies = [
    "rlm-mcp; sys_platform == 'linux'",
    # What runs code where there is no Linux.
    "rlm-mcp[wasm]; sys_platform != 'linux'",
]

[tool.uv]
package = false

[tool.uv.sources]
rlm-mcp = {{ path = "{wheel}" }}
"""


def main() -> None:
    """Write the bundle, by default as dist/rlm-mcp-VERSION.mcpb."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    version, python = project["version"], project["requires-python"]
    bundle = Path(
        sys.argv[1] if len(sys.argv) > 1 else HERE.parent / f"dist/rlm-mcp-{version}.mcpb"
    )
    bundle.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        wheel = built(Path(folder))
        text = _PROJECT.format(version=version, python=python, wheel=wheel.name)
        pack(bundle, {
            "manifest.json": (HERE / "manifest.json").read_bytes(),
            "pyproject.toml": text.encode(),
            "server/main.py": (HERE / "server" / "main.py").read_bytes(),
            wheel.name: wheel.read_bytes(),
        })  # fmt: skip
    print(f"{bundle}: {bundle.stat().st_size / (1 << 20):.1f} MiB")


def built(folder: Path) -> Path:
    """Our wheel, built into this folder."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder]
    subprocess.run([*command, HERE.parent], check=True)
    (wheel,) = folder.glob("rlm_mcp-*.whl")
    return wheel


def pack(bundle: Path, files: dict[str, bytes]) -> None:
    """A zip file that is the same for the same files."""
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, data)


if __name__ == "__main__":
    main()
