"""What others install us from says of us what is so."""

import json
import runpy
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import rlm_server
from command_line import run_here
from rlm_tools.catalogue import CORE

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
VARIABLES = (REPOSITORY / "docs" / "commands.md").read_text()


def read(name: str) -> dict[str, Any]:
    return json.loads((REPOSITORY / name).read_text())


def test_registry_and_bundle_name_this_package_and_version() -> None:
    project = PROJECT["project"]
    named = (project["name"], project["version"])
    registered, bundle = read("server.json"), read("mcpb/manifest.json")
    (package,) = registered["packages"]
    assert (package["identifier"], package["version"]) == named
    assert (bundle["name"], bundle["version"]) == named
    assert (registered["version"], rlm_server.__version__) == (named[1], named[1])
    assert bundle["compatibility"]["runtimes"]["python"] == project["requires-python"]
    assert len(registered["description"]) <= 100  # the registry takes no more


def test_the_bundle_lists_the_tools_that_are_offered() -> None:
    assert [tool["name"] for tool in read("mcpb/manifest.json")["tools"]] == [
        tool.name for tool in CORE
    ]


def test_registry_and_bundle_set_variables_that_there_are() -> None:
    (package,) = read("server.json")["packages"]
    registered = {each["name"] for each in package["environmentVariables"]}
    bundled = set(read("mcpb/manifest.json")["server"]["mcp_config"]["env"])
    for name in (registered | bundled) - {"PYTHONSAFEPATH"}:
        assert f"`{name}`" in VARIABLES
    secret = {each["name"] for each in package["environmentVariables"] if each.get("isSecret")}
    assert secret == {name for name in registered if name.endswith("_KEY")}


def test_they_start_the_server_with_arguments_that_it_takes(home: Path, tmp_path: Path) -> None:
    config = read("mcpb/manifest.json")["server"]["mcp_config"]["args"]
    assert config[config.index("server/main.py") + 1 :] == [
        "serve",
        "--root",
        "${user_config.folder}",
    ]
    example = read(".mcp.json.example")["mcpServers"]["rlm"]
    assert example == {"command": "rlm-mcp", "args": ["serve"]}
    assert run_here("serve", "--root", tmp_path, "--help", home=home).code == 0


def test_a_bundle_holds_its_manifest_its_start_and_the_wheel(tmp_path: Path) -> None:
    build = runpy.run_path(str(REPOSITORY / "mcpb" / "build.py"))
    first, second = tmp_path / "a.mcpb", tmp_path / "b.mcpb"
    for bundle in (first, second):
        build["pack"](bundle, {"server/main.py": b"1", "manifest.json": b"{}"})
    assert zipfile.ZipFile(first).namelist() == ["manifest.json", "server/main.py"]
    assert first.read_bytes() == second.read_bytes()


def test_the_image_is_built_from_every_room_and_runs_as_nobody_in_particular() -> None:
    kept = (REPOSITORY / ".dockerignore").read_text().splitlines()
    rooms = {f"!{package.partition('/')[0]}/" for package in PACKAGES}
    assert rooms <= set(kept)
    lines = (REPOSITORY / "Dockerfile").read_text().splitlines()
    last_stage = lines[max(at for at, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 10001:10001" in last_stage
    assert 'ENTRYPOINT ["rlm-mcp"]' in last_stage
    assert 'CMD ["serve", "--root", "/workspace"]' in last_stage
