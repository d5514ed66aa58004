"""The files of the live page: whole, ours alone, and without a way for a text to become markup."""

import re
from pathlib import Path

import pytest
import rlm_server.ui.app

FOLDER = Path(rlm_server.ui.app.__file__).with_name("page")
FILES = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
SCRIPTS = {name: text for name, text in FILES.items() if name.endswith(".js")}
MAKES_MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
    r"|createContextualFragment|setHTMLUnsafe|javascript:|set(?:Timeout|Interval)\(\s*[\"'`]"
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_markup_of_a_text(name: str) -> None:
    assert MAKES_MARKUP.search(SCRIPTS[name]) is None


def test_only_the_record_of_a_run_is_shown_as_a_page_and_in_a_frame_without_rights() -> None:
    assert [name for name, text in SCRIPTS.items() if "srcdoc" in text] == ["runs.js"]
    assert 'sandbox: ""' in SCRIPTS["runs.js"]


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_loaded_from_elsewhere_and_all_that_is_loaded_is_there(name: str) -> None:
    text = FILES[name].replace("http://www.w3.org/2000/svg", "")
    assert re.search(r"https?:|//[a-z0-9-]+\.[a-z]|url\(|@import", text) is None
    wanted = re.findall(r'"(?:/page|\.)/([a-z-]+\.[a-z]+)"', text)
    assert set(wanted) <= FILES.keys()


def test_the_document_has_no_script_style_or_handler_of_its_own() -> None:
    document = FILES["index.html"]
    assert re.search(r"<style|\sstyle=|\son[a-z]+=", document) is None
    assert re.findall(r"<script[^>]*>(.*?)</script>", document, re.DOTALL) == [""]
