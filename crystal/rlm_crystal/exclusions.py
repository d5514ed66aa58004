"""What the name of a file or folder alone rules out: vendored, cached, locked, binary, secret."""

from collections.abc import Set
from pathlib import PurePath, PurePosixPath

from rlm_crystal.language import VENDOR_FOLDERS, is_generated_name
from rlm_crystal.secrets import secret_reason

ENVIRONMENT_MARKS = frozenset({"pyvenv.cfg", "CACHEDIR.TAG"})


def outermost_folder_left_out(
    path: str, environments: Set[str], *, with_vendored: bool
) -> tuple[str, str] | None:
    """The outermost folder of `path` that is left out as a whole, and why."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        folder = "/".join(parts[:depth])
        if parts[depth - 1].lower() in VENDOR_FOLDERS and not with_vendored:
            return f"{folder}/", "vendored"
        if parts[depth - 1] in _CACHE_FOLDERS or folder in environments:
            return f"{folder}/", "a cache or an environment"
    return None


def name_reason(path: str, *, with_secrets: bool, taken_back: bool) -> str | None:
    """Why a file of this name is left out, or None; `taken_back` where the user asked for it."""
    name = path.rpartition("/")[2].lower()
    if not with_secrets and (reason := secret_reason(path)):
        return reason
    if name.endswith(_BINARY):
        return f"binary ({PurePosixPath(name).suffix})"
    if taken_back:
        return None
    if name in _LOCK_FILES or name.endswith(".lock"):
        return "lock file"
    return "generated" if is_generated_name(name) else None


def is_environment_mark(path: str) -> bool:
    """Whether this file marks its folder as a virtual environment or a cache."""
    return "/" in path and path.rpartition("/")[2] in ENVIRONMENT_MARKS


def is_system_folder(folder: PurePath) -> bool:
    """Whether an absolute folder belongs to the system; itself, not what lies in it."""
    if folder.drive:
        return folder.relative_to(folder.anchor).as_posix().lower() in _WINDOWS_FOLDERS
    return folder.as_posix() in _SYSTEM_FOLDERS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SYSTEM_FOLDERS = _words(
    "/bin /boot /dev /etc /home /lib /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr "
    "/usr/lib /usr/local /usr/share /var /var/lib /private /private/tmp /private/var /Users "
    "/Applications /Library /System /Volumes"
)
_WINDOWS_FOLDERS = frozenset(
    {"windows", "windows/system32", "program files", "program files (x86)", "programdata", "users"}
)
_CACHE_FOLDERS = _words(
    ".mypy_cache .pytest_cache .ruff_cache .hypothesis .ipynb_checkpoints .terraform .next .nuxt "
    ".svelte-kit .turbo .parcel-cache .angular .vs .idea .nyc_output .dart_tool DerivedData"
)
_LOCK_FILES = _words(
    "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lockb poetry.lock pdm.lock "
    "uv.lock pipfile.lock cargo.lock gemfile.lock composer.lock go.sum flake.lock mix.lock "
    "packages.lock.json podfile.lock deno.lock pubspec.lock gradle.lockfile"
)
_BINARY = (
    ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".ico", ".icns", ".webp", ".avif", ".tif", ".tiff",
    ".psd", ".pdf", ".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".jar",
    ".war", ".whl", ".egg", ".so", ".dylib", ".dll", ".exe", ".bin", ".o", ".a", ".lib", ".obj",
    ".class", ".pyc", ".pyo", ".pyd", ".wasm", ".mo", ".woff", ".woff2", ".ttf", ".otf", ".eot",
    ".mp3", ".mp4", ".mov", ".avi", ".mkv", ".wav", ".ogg", ".flac", ".webm", ".sqlite",
    ".sqlite3", ".db", ".npy", ".npz", ".parquet", ".pt", ".pth", ".onnx", ".safetensors", ".pkl",
    ".pickle", ".h5", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".shp", ".dbf",
    ".shx", ".tfm", ".dat.gz", ".node", ".iso", ".dmg", ".deb", ".rpm", ".apk", ".ipa",
    ".keystore", ".swf", ".blend", ".fbx", ".glb", ".ai", ".eps", ".xcf", ".sketch", ".fig",
)  # fmt: skip
