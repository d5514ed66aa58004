"""Makes the pictures of docs/ui.md: the live page over this repository, in a headless Chromium.

    RLM_TEST_BROWSER=/path/to/chromium python benchmarks/ui_pictures.py

Needs Playwright and Pillow. Of no other corpus is anything in them; the memory is made up here.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).parents[1]
PICTURES = REPOSITORY / "docs" / "pictures"
RLM_MCP = Path(sys.executable).with_name("rlm-mcp")
BYTES_MAX = 200_000
COLOURS = 256
QUESTION = "how is a page sealed?"
FACTS = [
    "The API server listens on port 8080 in staging.",
    "The nightly backup of postgres runs at 02:00.",
    "Restore of the postgres backup took 40 minutes.",
    "Let's read the invoice rows as a stream instead of joining them.",
]
OPEN = [("80", "user"), ("90", "agent")]


def run(root: Path, environ: dict[str, str], *words: str) -> None:
    command = [str(RLM_MCP), *words, "--root", str(root)]
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def served(root: Path, environ: dict[str, str]) -> Generator[str]:
    command = [str(RLM_MCP), "ui", "--no-open", "--json", "--root", str(root)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def take(page: Any, name: str) -> None:
    path = PICTURES / f"{name}.png"
    page.wait_for_timeout(700)  # circles fly, bars grow
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, 8, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    print(f"{path.name}: {path.stat().st_size:,} bytes")
    assert path.stat().st_size < BYTES_MAX


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root, environ = Path(folder, "rlm-mcp"), {**os.environ, "RLM_HOME": f"{folder}/home"}
        subprocess.run(["git", "clone", "-q", REPOSITORY, root], check=True)
        for fact in FACTS:
            run(root, environ, "memory", "add", fact)
        for value, trust in OPEN:
            slots = ("--subject", "API", "--attribute", "port", "--value", value, "--trust", trust)
            run(root, environ, "memory", "add", f"The API listens on port {value}.", *slots)
        run(root, environ, "memory", "consolidate")
        run(root, environ, "ask", QUESTION)
        chromium = playwright.chromium.launch(
            executable_path=os.environ["RLM_TEST_BROWSER"], args=["--no-sandbox"]
        )
        with served(root, environ) as url:
            wide = {"width": 1200, "height": 720}
            page = chromium.new_page(viewport=wide, color_scheme="light")
            page.goto(url)
            page.wait_for_selector("#legend li")
            take(page, "map")
            page.emulate_media(color_scheme="dark")
            page.fill("#query", QUESTION)
            page.wait_for_selector(".result mark")
            take(page, "search")
            phone = chromium.new_page(
                viewport={"width": 390, "height": 760}, color_scheme="light", device_scale_factor=1
            )
            phone.goto(url)
            phone.click(".tabs a[href='#memory']")
            phone.wait_for_selector(".conflict")
            take(phone, "memory")
        chromium.close()


if __name__ == "__main__":
    main()
