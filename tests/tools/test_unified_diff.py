import difflib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_tools.errors import BadArgument
from rlm_tools.reviewing.change import change_between
from rlm_tools.reviewing.unified_diff import apply, parse_diff, rewind

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "- x", "+ y", "@@ z"]), max_size=30)


def diff_of(old: list[str], new: list[str]) -> str:
    rows = difflib.unified_diff(old, new, "a/f.py", "b/f.py", lineterm="")
    return "\n".join(rows)


@given(old=LINES, new=LINES)
def test_a_diff_applied_and_taken_back_gives_both_texts(old, new):
    diff = diff_of(old, new)
    if not diff:
        return
    (file,) = parse_diff(diff)
    assert file.path == "f.py"
    before, after = "\n".join([*old, "end"]), "\n".join([*new, "end"])
    assert apply(file, before) == after
    assert rewind(file, after) == before


@given(old=LINES, new=LINES)
def test_the_added_lines_of_a_change_are_those_that_differ(old, new):
    change = change_between("f.py", "\n".join(old), "\n".join(new))
    kept = [line for number, line in enumerate(change.lines, 1) if number not in change.added]
    remaining = iter(old)
    assert all(line in remaining for line in kept)


def test_files_renames_additions_and_deletions_are_told_apart():
    diff = (
        "diff --git a/old.py b/new.py\nsimilarity index 90%\n--- a/old.py\n+++ b/new.py\n"
        "@@ -1 +1 @@\n-x\n+y\n\\ No newline at end of file\n"
        "diff --git a/gone.py b/gone.py\n--- a/gone.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"
        "--- /dev/null\n+++ b/made.py\t2026-01-01\n@@ -0,0 +1 @@\n+a\n"
    )
    files = parse_diff(diff)
    assert [(file.old_path, file.new_path) for file in files] == [
        ("old.py", "new.py"),
        ("gone.py", ""),
        ("", "made.py"),
    ]
    assert files[1].deletes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing of the kind", "no hunk"),
        ("@@ nonsense @@\n+x", "line 1 of diff is no hunk header"),
        ("@@ -1,2 +1,2 @@\n a\nrubbish\n", "line 3 of diff begins with neither"),
        ("@@ -1,1 +1,2 @@\n-a\n-b\n", "line 3 of diff is one more"),
    ],
)
def test_a_text_that_is_no_diff_is_refused_with_its_line(text, message):
    with pytest.raises(BadArgument, match=message):
        parse_diff(text)


@given(st.text(alphabet="@-+ 1,a\n\\d/", max_size=80))
def test_any_text_is_read_or_refused(text):
    with suppress(BadArgument):
        assert parse_diff(text)
