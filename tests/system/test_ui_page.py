"""The live page as a person meets it: in a real browser, served by a real process."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from command_line import RLM_MCP, plain_environment, run_here
from small_repository import git, make_repository
from test_lifetime import GONE_WITHIN_S, alive_after, make_large

BROWSER = os.environ.get("RLM_TEST_BROWSER", "")
READY_MS = 60_000
HOSTILE_NAME = "<img src=x onerror=alert(1)>.py"
HOSTILE = """
def payment_gateway():
    '''<script>alert(1)</script><img src=x onerror=alert(1)>"><svg onload=alert(1)>'''
    return "</code></pre><iframe srcdoc='<script>alert(1)</script>'></iframe> \u202e txt.exe"
"""

needs_browser = pytest.mark.skipif(not BROWSER, reason="RLM_TEST_BROWSER names no Chromium")


@contextmanager
def served(root: Path, home: Path) -> Generator[tuple[str, psutil.Process]]:
    """The address of the page, and the process that serves it."""
    with subprocess.Popen(
        [RLM_MCP, "ui", "--no-open", "--json", "--root", str(root)],
        env={**plain_environment(os.environ), "RLM_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"], psutil.Process(process.pid)
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups")
def test_ctrl_c_ends_the_page_and_its_children_while_it_is_indexing(
    repository: Path, home: Path
) -> None:
    make_large(repository)
    with served(repository, home) as (_, process):
        while not (children := process.children(recursive=True)):
            assert process.is_running()
        process.send_signal(signal.SIGINT)
        alive = alive_after([process, *children], GONE_WITHIN_S)
    assert alive == []


def test_a_port_that_is_taken_is_told(repository: Path, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run_here("ui", "--no-open", "--port", str(port), "--root", repository, home=home)
    assert (ran.code, ran.out) == (1, "")
    assert f"127.0.0.1:{port}" in ran.err


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The page of a repository whose names and texts try to run."""
    folder = tmp_path_factory.mktemp("hostile")
    root = make_repository(folder)
    (root / "shop" / HOSTILE_NAME).write_text(HOSTILE)
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "<script>alert(1)</script>")
    with served(root, folder / "home") as (url, _):
        yield url


@pytest.fixture(scope="module")
def browser() -> Generator[Any]:
    """A headless Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Tab:
    """A tab of a person who has never been here; `faults` must stay empty."""

    def __init__(self, browser: Any, url: str, **manner: Any) -> None:
        self.context = browser.new_context(**manner)
        self.page = self.context.new_page()
        self.page.set_default_timeout(READY_MS)
        self.faults: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        self.page.on("request", lambda request: self.asked.add(request.url.split("/")[2]))
        self.page.on("response", self._on_response)
        self.page.goto(url)

    def _on_response(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.url}: {response.text()}")

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def text(self, selector: str) -> str:
        return self.page.text_content(selector)


@contextmanager
def tab(browser: Any, url: str, **manner: Any) -> Generator[Tab]:
    opened = Tab(browser, url, **manner)
    yield opened
    opened.context.close()
    assert "\n".join(opened.faults) == ""
    assert opened.asked == {url.split("/")[2]}


@needs_browser
def test_hostile_names_and_texts_are_shown_and_do_nothing(browser: Any, hostile: str) -> None:
    with tab(browser, hostile) as here:
        page = here.page
        page.wait_for_selector("#legend li")
        assert page.url == hostile.split("#")[0]  # the token is gone from the bar
        page.fill("#query", "payment gateway")
        page.wait_for_selector(".result mark")
        assert HOSTILE_NAME in here.text(".result h3")
        page.click(".result .link")
        page.wait_for_selector(".outline button")
        page.click(".outline button")
        page.wait_for_selector("#reader .line.wanted")
        lines = here.text("#reader .code")
        assert "<script>alert(1)</script>" in lines
        assert "\\u202e txt.exe" in lines
        page.keyboard.press("Escape")
        page.goto(f"{page.url.split('#')[0]}#ask")
        page.fill("#question", "what does payment_gateway return? <img src=x onerror=alert(1)>")
        page.click("button.main")
        page.wait_for_selector(".answer .prose")
        page.click(".answer a")
        page.wait_for_selector(".record iframe:not([hidden])")
        record = page.frame_locator(".record iframe")
        assert "onerror" in record.locator("h1").text_content()
        # Styled by the one sheet that the policy allows, so it is not as a browser shows no style.
        assert record.locator("svg rect").count() > 0
        page.reload()
        page.wait_for_selector(".run")  # the token is kept for the tab
        assert page.locator("img").count() == 1  # our own


@needs_browser
def test_keys_go_from_cluster_to_file_and_back(browser: Any, hostile: str) -> None:
    with tab(browser, hostile) as here:
        page = here.page
        page.wait_for_selector("#legend li")
        page.focus("#canvas")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#panel .back")
        page.keyboard.press("Enter")
        page.wait_for_selector("#panel h2.path")
        assert ", " in here.text("#said")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.wait_for_selector("#panel details")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "query"


@needs_browser
def test_without_its_token_the_page_says_what_is_missing(browser: Any, hostile: str) -> None:
    with tab(browser, hostile.split("#")[0]) as here:
        here.page.wait_for_selector(".halt")
        assert "token" in here.text(".halt h2")


@needs_browser
def test_it_is_light_or_dark_as_the_system_is_and_fits_a_phone(browser: Any, hostile: str) -> None:
    papers = set[str]()
    for scheme in ("light", "dark"):
        phone = {"width": 360, "height": 740}
        with tab(browser, hostile, color_scheme=scheme, viewport=phone) as here:
            here.page.wait_for_selector("#legend li", state="attached")
            papers.add(here.page.evaluate("getComputedStyle(document.body).backgroundColor"))
            for view in ("map", "ask", "runs", "memory", "settings"):
                here.page.click(f".tabs a[href='#{view}']")
                here.page.wait_for_selector(f"#view-{view}")
                assert here.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert len(papers) == 2


@needs_browser
def test_circles_of_any_sizes_are_laid_side_by_side(browser: Any, hostile: str) -> None:
    laid = """async () => {
      const { packed, settled } = await import("/page/pack.js");
      let seed = 7;
      const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
      const gap = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) - a.r - b.r;
      const least = (all) =>
        Math.min(...all.flatMap((a, i) => all.slice(0, i).map((b) => gap(a, b))));
      const dots = Array.from({ length: 300 }, () => ({ r: 1 + 20 * random() ** 4 }));
      const around = packed(dots);
      const groups = Array.from({ length: 200 }, (_, at) => ({ r: 3 + 60 * random() ** 3,
        area: at % 5, near: [Math.floor(200 * random())] }));
      settled(groups, 6, 1.3);
      const far = Math.max(...dots.map((one) => Math.hypot(one.x, one.y) + one.r));
      return [least(dots), far - around, least(groups)];
    }"""  # fmt: skip
    with tab(browser, hostile) as here:
        apart, beyond, groups_apart = here.page.evaluate(laid)
    assert apart > -0.001
    assert beyond < 0.001
    assert groups_apart > -0.5
