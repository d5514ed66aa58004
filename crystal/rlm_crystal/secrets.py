"""Names of files that commonly hold credentials; such files are never indexed by default."""

import re


def secret_reason(path: str) -> str | None:
    """Why a file of this name is taken to hold secrets, or None.

    Samples meant to be shared (`.env.example`, `id_rsa.pub`) and code that merely deals with
    secrets (`secrets.py`, `credentials.go`) are not secrets.
    """
    lower = path.lower()
    name = lower.rsplit("/", 1)[-1]
    if _SAMPLE.search(name) or name.endswith(_CODE):
        return None
    if name.endswith(".txt") and _PROSE_FOLDER.search(f"/{lower}"):
        return None
    if _NAME.search(name) or _FOLDER.search(f"/{lower}"):
        return f"may hold secrets ({name})"
    return None


_SAMPLE = re.compile(r"[._-](?:example|sample|template|dist|tmpl|tpl|defaults?|schema)(?:\.\w+)?$")
_CODE = (
    ".py", ".pyi", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".tsx", ".go", ".rs", ".java",
    ".kt", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".rb", ".php", ".swift", ".scala", ".lua",
    ".ex", ".exs", ".erl", ".hs", ".ml", ".clj", ".dart", ".jl", ".r", ".pl", ".pm", ".vue",
    ".svelte", ".html", ".md", ".rst", ".sql", ".proto", ".graphql", ".tf", ".css", ".scss", ".pub",
)  # fmt: skip
_WORD = (
    r"(?:secrets?|credentials?|passwords?|passwd|api[_-]?keys?|service[_-]?account"
    r"|client[_-]?secrets?|private[_-]?keys?|access[_-]?tokens?)"
)
_NAME = re.compile(
    r"^\.env(?:$|\.)|^env\.(?:local|production|prod|secret)$|\.env$"
    r"|\.(?:pem|key|p12|pfx|p8|jks|keystore|bks|kdbx?|gpg|pgp|ppk|ovpn|mobileprovision|kwallet"
    r"|tfstate|tfvars|agekey)$|\.tfstate\.backup$"
    r"|^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?:$|[._-])"
    r"|^\.?(?:netrc|pgpass|pypirc|npmrc|git-credentials|htpasswd|dockercfg|s3cfg|boto|my\.cnf"
    r"|vault-token|authinfo|yarnrc\.yml)$|^_netrc$|^(?:shadow|kubeconfig|master\.key)$"
    rf"|^(?:.*[._-])?{_WORD}(?:[._-][\w-]+)*\.(?:json|ya?ml|toml|ini|cfg|conf|properties|csv|enc)$"
    rf"|^(?:.*[._-])?{_WORD}$|^(?:my[._-]?)?{_WORD}\.(?:txt|xml)$"
)
_PROSE_FOLDER = re.compile(r"/(?:docs?|documentation|manual|guide)/")
_FOLDER = re.compile(
    r"/\.(?:ssh|gnupg|aws|azure|kube|docker|gcloud)/|/\.config/gcloud/|/\.secrets?/|/secrets/"
)
