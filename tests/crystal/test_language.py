import pytest
from rlm_crystal.language import language_of, role


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("src/app.py", "", "python"),
        ("web/App.TSX", "", "tsx"),
        ("Dockerfile", "", "dockerfile"),
        ("Dockerfile.dev", "", "dockerfile"),
        ("Makefile", "", "make"),
        ("CMakeLists.txt", "", "cmake"),
        ("notes.txt", "", "text"),
        ("README", "", "text"),
        ("bin/tool", "#!/usr/bin/env python3\n", "python"),
        ("bin/tool", "#!/bin/sh -e\n", "bash"),
        ("bin/tool", "#!/usr/bin/env -S FOO=1 node --flag\n", "javascript"),
        ("a/list.h", "struct list { int n; };\n", "c"),
        ("a/list.h", "namespace a {\nclass List;\n}\n", "cpp"),
        (".gitignore", "", "text"),
        ("", "", "text"),
    ],
)
def test_the_language_is_told_from_name_and_first_line(path, head, language):
    assert language_of(path, head) == language


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/app.py", "source"),
        ("tests/test_app.py", "test"),
        ("pkg/app_test.go", "test"),
        ("web/app.spec.ts", "test"),
        ("src/main/java/a/UserTest.java", "test"),
        ("src/contest.py", "source"),
        ("src/Latest.java", "source"),
        ("docs/index.md", "doc"),
        ("README.rst", "doc"),
        ("templates/kubelet.yaml.j2", "config"),
        ("templates/index.html.erb", "source"),
        ("pyproject.toml", "config"),
        (".github/workflows/ci.yml", "config"),
        ("api/user_pb2.py", "generated"),
        ("locale/fr/messages.po", "generated"),
        ("web/jquery.min.js", "generated"),
        ("node_modules/x/index.js", "vendor"),
        ("third_party/zlib/zlib.c", "vendor"),
    ],
)
def test_the_role_is_told_from_the_path(path, expected):
    assert role(path) == expected
