"""What a file is, told from its name and first line: its language and its role."""

import re
from typing import Literal

Role = Literal["source", "test", "doc", "config", "generated", "vendor"]

TEXT = "text"


def language_of(path: str, head: str = "") -> str:
    """The language of `path`, lower case, or `text`.

    `head` is the beginning of the file; it decides between languages that share an extension and
    gives the shebang of a file without one.
    """
    name = path.rsplit("/", 1)[-1].lower()
    if name in _FILENAMES:
        return _FILENAMES[name]
    extension = name.rsplit(".", 1)[-1] if "." in name[1:] else ""
    if extension == "h":
        return "cpp" if _CPP_HEADER.search(head) else "c"
    if extension in _EXTENSIONS:
        return _EXTENSIONS[extension]
    stem = name.split(".", 1)[0]
    if stem in _FILENAMES:
        return _FILENAMES[stem]
    return TEXT if extension else _shebang(head)


def role(path: str) -> Role:
    """What the file is for, told from its path alone."""
    lower = path.lower()
    *folders, name = lower.split("/")
    if not VENDOR_FOLDERS.isdisjoint(folders):
        return "vendor"
    if is_generated_name(name) or name.endswith(_TRANSLATIONS):
        return "generated"
    if not _TEST_FOLDERS.isdisjoint(folders) or _TEST_NAME.search(path.rsplit("/", 1)[-1]):
        return "test"
    language = language_of(_TEMPLATE.sub(r"\1", lower))
    if language in _PROSE or not _DOC_FOLDERS.isdisjoint(folders):
        return "doc"
    return "config" if language in _CONFIG or name.startswith(".") else "source"


def holds_records(path: str) -> bool:
    """Whether the file is a long list of like records: messages in a language, rows of a table.

    Its words can be searched, but no record stands out, and what it means is said elsewhere.
    """
    return path.lower().endswith((*_TRANSLATIONS, ".csv", ".tsv"))


def is_generated_name(name: str) -> bool:
    """Whether tools write files of this name, lower case and without folders."""
    return bool(_GENERATED_NAME.search(name))


def _shebang(head: str) -> str:
    found = _SHEBANG.match(head)
    if not found:
        return TEXT
    interpreter = found.group(1).lower().rstrip("0123456789.")
    return _INTERPRETERS.get(interpreter, TEXT)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _table(rows: str) -> dict[str, str]:
    """`language: key key …` lines turned into a mapping of key to language."""
    pairs = (row.split(":", 1) for row in rows.strip().splitlines())
    return {key: language.strip() for language, keys in pairs for key in keys.split()}


_EXTENSIONS = _table(
    """
    python: py pyi pyw pyx pxd
    javascript: js mjs cjs jsx es6
    typescript: ts mts cts
    tsx: tsx
    go: go
    rust: rs
    java: java
    c: c
    cpp: cpp cc cxx c++ hpp hh hxx h++ ipp inl tpp cu cuh ino
    csharp: cs csx
    ruby: rb rake gemspec ru
    php: php phtml php5 inc
    kotlin: kt kts
    swift: swift
    scala: scala sc sbt
    lua: lua
    bash: sh bash zsh ksh bats
    elixir: ex exs
    erlang: erl hrl
    haskell: hs lhs
    ocaml: ml mli
    fsharp: fs fsi fsx
    clojure: clj cljs cljc edn
    dart: dart
    julia: jl
    r: r rmd
    perl: pl pm t
    powershell: ps1 psm1 psd1
    groovy: groovy gradle
    objc: m mm
    zig: zig
    nim: nim
    vue: vue
    svelte: svelte
    html: html htm xhtml jinja jinja2 j2 hbs ejs erb twig djhtml
    css: css scss sass less
    sql: sql
    graphql: graphql gql
    proto: proto
    terraform: tf tfvars hcl
    nix: nix
    solidity: sol
    cmake: cmake
    make: mk mak
    dockerfile: dockerfile
    json: json jsonc json5 ipynb webmanifest
    yaml: yaml yml
    toml: toml
    ini: ini cfg conf properties editorconfig
    xml: xml xsd xsl xslt svg plist csproj vbproj props targets
    csv: csv tsv
    markdown: md markdown mdx mdown mkd
    rst: rst
    text: txt text log adoc org tex
    """
)

_FILENAMES = _table(
    """
    dockerfile: dockerfile containerfile
    make: makefile gnumakefile
    cmake: cmakelists.txt
    ruby: gemfile rakefile vagrantfile podfile brewfile guardfile capfile
    groovy: jenkinsfile
    python: sconstruct sconscript wscript
    toml: pipfile
    bash: .bashrc .zshrc .profile .bash_profile gradlew
    ini: go.mod go.work .gitconfig .editorconfig .npmrc
    yaml: .clang-format .clang-tidy
    json: .babelrc .eslintrc .prettierrc
    """
)

_INTERPRETERS = _table(
    """
    python: python pypy
    bash: sh bash zsh ksh dash ash
    javascript: node deno bun
    typescript: ts-node tsx
    ruby: ruby
    perl: perl
    php: php
    lua: lua luajit
    elixir: elixir
    r: rscript
    julia: julia
    """
)

_SHEBANG = re.compile(r"#!\s*(?:\S*/env\s+(?:-S\s+)?(?:\w+=\S+\s+)*)?(?:\S*/)?([\w.-]+)")
_CPP_HEADER = re.compile(
    r"^\s*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|public:|private:|protected:)"
    r"|\bstd::|\bconstexpr\b|#include <(?:string|vector|memory|map|utility|functional)>",
    re.MULTILINE,
)

PACKAGE_ROOTS = frozenset({"__init__", "index", "mod", "lib"})
"""Files that stand for their folder where something is imported."""

VENDOR_FOLDERS = _words(
    """
    node_modules bower_components jspm_packages vendor vendored _vendor third_party third-party
    thirdparty 3rdparty external_libs .venv venv virtualenv site-packages dist-packages .tox .nox
    .eggs pods carthage .yarn .pnpm-store .bundle deps_vendor .cargo elm-stuff .gradle .m2
    """
)
_TEST_FOLDERS = _words(
    "test tests testing __tests__ spec specs e2e unittests testdata test_data __mocks__ "
    "androidtest integration_tests"
)
_DOC_FOLDERS = _words("doc docs documentation")
_PROSE = _words("markdown rst text")
_CONFIG = _words("json yaml toml ini xml make cmake dockerfile nix terraform csv")
# A template of a configuration file is one: `kubelet.yaml.j2`, `nginx.conf.erb`.
_TEMPLATE = re.compile(r"(?<=\.)(\w{1,12})\.(?:j2|jinja2?|erb|tmpl|tpl|gotmpl|mustache|in)$")
_TEST_NAME = re.compile(
    r"^(?:test_.+|tests?|conftest)\.\w+$|_(?:test|spec|tests)\.\w+$|\.(?:test|spec|cy)\.\w+$"
    r"|^Test[A-Z]\w*\.(?:java|kt|cs|php|swift|scala)$"
    r"|[a-z0-9](?:Test|Tests|TestCase|IT|Spec)\.(?:java|kt|cs|php|swift|scala|groovy)$"
)
# Message catalogues repeat what the source says, in every language.
_TRANSLATIONS = (".po", ".pot", ".xlf", ".xliff")
_GENERATED_NAME = re.compile(
    r"_pb2(?:_grpc)?\.pyi?$|\.pb\.(?:go|cc|h|swift|dart)$|\.(?:g|freezed)\.dart$|\.designer\.cs$"
    r"|\.g\.(?:cs|i\.cs)$|[._-]generated\.\w+$|[.-]min\.(?:js|css|mjs)$|\.bundle\.js$"
    r"|\.(?:js|css|mjs)\.map$|_generated\.\w+$|\.snap$|^zz_generated"
)
