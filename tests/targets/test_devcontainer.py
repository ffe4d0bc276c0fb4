"""The files of .devcontainer: read back as the reference CLI and Compose would."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devenv import yamlio
from devenv.effects import files
from devenv.kinds import runtimes
from devenv.model.lock import Lock
from devenv.stages import workspaces
from devenv.targets import compose, devcontainer, dotenv
from devenv.targets.mark import read_mark
from tests.making import manifest, resolved, tree
from tests.program import said

MANIFEST = """\
[project]
name = "shop"
[services.db]
kind = "postgres"
version = "15.4"
password = "{password}"
[services.cache]
kind = "redis"
version = "7.0.15"
[services.bus]
kind = "nats"
version = "2.10.27"
[services.files]
kind = "container"
image = "ghcr.io/shop/files:3"
listens = {{ main = 80 }}
[runtimes]
python = "3.12.4"
node = "20.11.1"
[env]
DATABASE_URL = "{{{{ services.db.url }}}}"
DATABASE_PASSWORD = "{{{{ services.db.password }}}}"
[devcontainer]
extensions = ["ms-python.python"]
settings = {{ "editor.rulers" = [120] }}
jetbrains = {{ backend = "PyCharm" }}
packages = ["jq"]
locale = "de_DE.UTF-8"
post_create = ["pip install -r requirements.txt", "make"]
[devcontainer.features]
"ghcr.io/devcontainers/features/docker-in-docker:2" = {{}}
[devcontainer.customizations.vscode]
extensions = ["own.extension"]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    made = tree(tmp_path / "shop", {"devenv.toml": MANIFEST.format(password="devenv")})
    assert said(made, "render").code == 0
    return made


def config(root: Path, folder: str = ".devcontainer") -> dict[str, Any]:
    lines = (root / folder / "devcontainer.json").read_text().splitlines()
    parsed: dict[str, Any] = json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))
    return parsed


def workspace(root: Path, folder: str = ".devcontainer", name: str = "workspace") -> dict[str, Any]:
    parsed: dict[str, Any] = yamlio.parse((root / folder / "compose.yaml").read_text())["services"][name]
    return parsed


def test_the_same_services_with_addresses_of_their_network(shop: Path) -> None:
    found = config(shop)
    assert found["dockerComposeFile"] == ["../.devenv/compose.yaml", "compose.yaml"]
    assert found["service"] == "workspace"
    assert found["runServices"] == ["db", "cache", "bus", "files", "workspace"]
    assert found["containerEnv"]["DATABASE_URL"] == "postgresql://postgres:devenv@db:5432/shop"
    assert "db:5432" in found["forwardPorts"]
    assert found["portsAttributes"]["db:5432"]["label"] == "PostgreSQL db"
    assert found["workspaceFolder"] == "/workspaces/shop"
    assert workspace(shop)["volumes"][0] == "..:/workspaces/shop:cached"


def test_it_waits_for_what_can_say_that_it_serves(shop: Path) -> None:
    waits = {name: how["condition"] for name, how in workspace(shop)["depends_on"].items()}
    assert waits == {
        "db": "service_healthy", "cache": "service_healthy", "bus": "service_started", "files": "service_started"
    }  # fmt: skip


def test_what_is_not_devenvs_is_passed_on_and_laid_over(shop: Path) -> None:
    found = config(shop)
    assert found["features"] == {"ghcr.io/devcontainers/features/docker-in-docker:2": {}}
    assert found["customizations"]["vscode"] == {"extensions": ["own.extension"], "settings": {"editor.rulers": [120]}}
    assert found["customizations"]["jetbrains"] == {"backend": "PyCharm"}
    assert found["postCreateCommand"] == "pip install -r requirements.txt && make"
    assert (found["remoteUser"], found["updateRemoteUserUID"], found["shutdownAction"]) == ("dev", True, "none")


def test_the_image_has_runtimes_and_each_servers_own_tools(shop: Path) -> None:
    text = (shop / ".devcontainer/Dockerfile").read_text()
    stages = [line.split() for line in text.splitlines() if line.startswith("FROM ")]
    assert stages == [
        ["FROM", "${DEVENV_REGISTRY}/library/postgres:15.4", "AS", "tools-db"],
        ["FROM", "${DEVENV_REGISTRY}/library/redis:7.0.15", "AS", "tools-cache"],
        ["FROM", "${DEVENV_REGISTRY}/library/node:20.11.1-bookworm", "AS", "runtime-node"],
        ["FROM", "${DEVENV_REGISTRY}/library/python:3.12.4-bookworm"],
    ]
    assert "COPY --from=runtime-node /usr/local /usr/local" in text
    assert "COPY --from=tools-db /opt/devenv/db /opt/devenv/db" in text
    assert "localedef -i de_DE -c -f UTF-8 de_DE.UTF-8" in text
    assert "ENV LANG=de_DE.UTF-8" in text
    assert text.index("USER dev\n") > text.index("COPY --from=tools-db")


def test_a_value_that_devcontainer_json_would_read_otherwise_goes_by_compose(tmp_path: Path) -> None:
    made = tree(tmp_path / "shop", {"devenv.toml": MANIFEST.format(password="a${b}'c$d")})
    said(made, "render")
    assert "DATABASE_PASSWORD" not in config(made)["containerEnv"]
    assert workspace(made)["environment"]["DATABASE_PASSWORD"] == "a$${b}'c$$d"


def test_those_with_names_stand_beside_it(tmp_path: Path) -> None:
    text = MANIFEST.format(password="devenv") + '[devcontainer.front]\nservices = ["cache"]\n'
    made = tree(tmp_path / "shop", {"devenv.toml": text, ".devenv/compose.override.yaml": "services: {}\n"})
    said(made, "render")
    found = config(made, ".devcontainer/front")
    compose = ["../../.devenv/compose.yaml", "../../.devenv/compose.override.yaml", "compose.yaml"]
    assert (found["dockerComposeFile"], found["service"]) == (compose, "workspace-front")
    body = workspace(made, ".devcontainer/front", "workspace-front")
    assert (body["build"]["context"], list(body["depends_on"])) == ("../.devcontainer/front", ["cache"])


def test_a_hand_written_one_is_never_overwritten(tmp_path: Path) -> None:
    own = '{\n  // mine\n  "image": "debian",\n}\n'
    files = {"devenv.toml": MANIFEST.format(password="devenv"), ".devcontainer/devcontainer.json": own}
    made = tree(tmp_path / "shop", files)
    ended = said(made, "render")
    assert ended.code == 6
    assert ".devcontainer/devcontainer.json: was not made by devenv" in ended.err
    assert "as in [devcontainer.parity]" in ended.err
    assert (made / ".devcontainer/devcontainer.json").read_text() == own
    text = (
        files["devenv.toml"]
        .replace("[devcontainer]", "[devcontainer.parity]")
        .replace("[devcontainer.f", "[devcontainer.parity.f")
        .replace("[devcontainer.c", "[devcontainer.parity.c")
    )
    tree(made, {"devenv.toml": text})
    assert said(made, "render").code == 0
    assert (made / ".devcontainer/devcontainer.json").read_text() == own
    assert config(made, ".devcontainer/parity")["service"] == "workspace-parity"


def test_files_of_one_that_is_gone_go_too_unless_somebody_edited_them(tmp_path: Path) -> None:
    text = MANIFEST.format(password="devenv")
    named = '[devcontainer.front]\nservices = ["cache"]\n[devcontainer.back]\nservices = ["db"]\n'
    made = tree(tmp_path / "shop", {"devenv.toml": text + named, ".devcontainer/notes.md": "mine\n"})
    said(made, "render")
    edited = made / ".devcontainer/back/Dockerfile"
    edited.write_text(edited.read_text() + "RUN true\n")
    tree(made, {"devenv.toml": text})
    checked = said(made, "render", "--check")
    assert (checked.code, ".devcontainer/front/devcontainer.json is left over" in checked.err) == (3, True)
    ended = said(made, "render")
    assert "  - .devcontainer/front/devcontainer.json: devenv.toml no longer asks for it\n" in ended.err
    assert not (made / ".devcontainer/front").exists()
    assert [path.name for path in (made / ".devcontainer/back").iterdir()] == ["Dockerfile"]
    assert {"notes.md", "devcontainer.json"} <= {path.name for path in (made / ".devcontainer").iterdir()}
    assert said(made, "render", "--check").code == 0
    tree(made, {"devenv.toml": text.partition("[devcontainer]")[0]})
    said(made, "render")
    assert sorted(path.name for path in (made / ".devcontainer").iterdir()) == ["back", "notes.md"]


def test_the_checkout_is_read_where_selinux_rules_and_on_the_processor_that_is_asked_for(tmp_path: Path) -> None:
    text = MANIFEST.format(password="devenv").replace("[devcontainer]\n", '[devcontainer]\nplatform = "linux/amd64"\n')
    made = tree(tmp_path / "shop", {"devenv.toml": text})
    said(made, "render")
    body = workspace(made)
    assert (body["security_opt"], body["platform"]) == (["label=disable"], "linux/amd64")


def initialize(root: Path, *, first_in_path: Path | None = None) -> str:
    """What an IDE's first step says to people."""
    path = "/usr/bin:/bin" if first_in_path is None else f"{first_in_path}:/usr/bin:/bin"
    done = subprocess.run(
        ["sh", "-c", config(root)["initializeCommand"]], cwd=root, env={"PATH": path}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")
    return done.stderr


def initialized(root: Path, *, first_in_path: Path | None = None) -> dict[str, str]:
    """What ``.devenv/.env`` says after an IDE has opened a checkout for the first time."""
    (root / ".devenv" / ".env").unlink(missing_ok=True)
    initialize(root, first_in_path=first_in_path)
    return dotenv.parse(files.read_text(root / ".devenv" / ".env") or "")


def ports_of(variables: dict[str, str]) -> dict[str, int]:
    return {name: int(value) for name, value in variables.items() if name.endswith("_PORT")}


def as_worktree(root: Path, folder: str) -> None:
    (root / ".git").write_text(f"gitdir: {folder}/worktrees/other\n")


@pytest.mark.usefixtures("programs")
def test_a_second_worktree_gets_a_name_and_ports_that_are_free(shop: Path, tmp_path: Path) -> None:
    common = tmp_path / "it's the first"
    common.mkdir()
    as_worktree(shop, str(common))
    first = initialized(shop)
    assert first["COMPOSE_PROJECT_NAME"].startswith("shop-")
    assert (first["DEVENV_GIT_FOLDER"], first["DEVENV_GIT_PLACE"]) == (str(common), str(common))
    ports = ports_of(first)
    assert sorted(ports) == [f"DEVENV_{name}_PORT" for name in ("BUS", "BUS__MONITOR", "CACHE", "DB", "FILES")]
    assert len({*ports.values()}) == len(ports)
    assert initialized(shop) == first
    with socket.create_server(("127.0.0.1", ports["DEVENV_CACHE_PORT"])):
        moved = initialized(shop)
    assert moved["DEVENV_CACHE_PORT"] != first["DEVENV_CACHE_PORT"]
    assert len({*ports_of(moved).values()}) == len(ports)


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("kind", ["folder", "file of a submodule"])
def test_a_first_clone_keeps_its_name_and_gets_another_port_only_for_one_that_is_taken(
    tmp_path: Path, kind: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as free:
        wanted = {"db": taken.getsockname()[1], "cache": free.getsockname()[1]}
        free.close()
        text = "".join(
            f'[services.{name}]\nkind = "memcached"\nversion = "1.6"\nport = {port}\n' for name, port in wanted.items()
        )
        shop = tree(tmp_path / "shop", {"devenv.toml": f'[project]\nname = "only-in-tests"\n{text}[devcontainer]\n'})
        assert said(shop, "render").code == 0
        if kind == "folder":
            (shop / ".git").mkdir()
        else:
            (shop / ".git").write_text("gitdir: ../.git/modules/shop\n")
        found = initialized(shop)
        assert "COMPOSE_PROJECT_NAME" not in found
        assert "DEVENV_GIT_FOLDER" not in found
        assert found["DEVENV_CACHE_PORT"] == str(wanted["cache"])
        assert found["DEVENV_DB_PORT"] != str(wanted["db"])
        taken.close()
        assert initialized(shop) == {}


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("gitdir", "is_submodule"),
    [
        ("../.git/modules/shop", True),
        ("../../.git/modules/libs/shop", True),
        ("../.git/modules/shop/worktrees/other", False),
        ("/elsewhere/shop.git", False),
    ],
)
def test_a_submodule_is_told_that_git_stays_on_the_host(shop: Path, gitdir: str, is_submodule: bool) -> None:
    (shop / ".git").write_text(f"gitdir: {gitdir}\n")
    note = "note: this checkout is a submodule, and git does not work in its workspace\n  use git on the host,"
    assert (note in initialize(shop)) == is_submodule


@pytest.mark.usefixtures("programs")
def test_a_port_of_this_checkouts_own_service_is_not_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        text = f'[project]\nname = "shop"\n[services.cache]\nkind = "memcached"\nversion = "1.6"\nport = {port}\n'
        shop = tree(tmp_path / "shop", {"devenv.toml": text + "[devcontainer]\n"})
        assert said(shop, "render").code == 0
        asked = f"--filter label=com.docker.compose.project.working_dir={shop}/.devenv --filter publish={port}"
        docker = tree(tmp_path / "bin", {"docker": f'#!/bin/sh\n[ "$*" = "ps --quiet {asked}" ] && echo id\n'})
        (docker / "docker").chmod(0o755)
        assert initialized(shop, first_in_path=docker) == {}


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("containers", "data", "named"),
    [
        ("{other}/.devenv", "", True),
        ("", "{other}", True),
        ("{shop}/.devenv", "{shop}", False),
        ("{link}/.devenv", "{link}", False),
        ("/gone/.devenv", "/gone", False),
        ("", "", False),
    ],
)
def test_a_second_clone_gets_a_name_of_its_own(tmp_path: Path, containers: str, data: str, named: bool) -> None:
    """Compose says in which folder containers were started, and devenv on its volumes for which checkout it made them;
    of an IDE's volumes nobody says anything."""
    text = '[project]\nname = "shop"\n[services.cache]\nkind = "memcached"\nversion = "1.6"\n[devcontainer]\n'
    shop = tree(tmp_path / "shop", {"devenv.toml": text})
    assert said(shop, "render").code == 0
    (shop / ".git").mkdir()
    other, link = tree(tmp_path / "other", {".devenv/compose.yaml": ""}), tmp_path / "link"
    link.symlink_to(shop)
    places = {"shop": shop, "other": other, "link": link}
    lines = {"ps": containers.format(**places), "volume": data.format(**places) + "/.devenv"}
    script = "".join(
        f'case "$*" in "{verb} "*label=com.docker.compose.project=shop*) echo "{line}" ;; esac\n'
        for verb, line in lines.items()
    )
    docker = tree(tmp_path / "bin", {"docker": f"#!/bin/sh\n{script}"})
    (docker / "docker").chmod(0o755)
    found = initialized(shop, first_in_path=docker)
    assert found.get("COMPOSE_PROJECT_NAME", "").startswith("shop-") is named


@pytest.mark.usefixtures("programs")
def test_what_a_worktree_shares_is_found_beside_what_devenv_decided(shop: Path, tmp_path: Path) -> None:
    """Newer versions of git can write the way from one worktree to the other instead of a path of the machine."""
    (tmp_path / "main" / ".git").mkdir(parents=True)
    as_worktree(shop, "../main/.git")
    (shop / ".devenv" / ".env").write_text("COMPOSE_PROJECT_NAME=chosen\n")
    for _ in range(2):
        subprocess.run(["sh", ".devcontainer/initialize.sh"], cwd=shop, check=True, capture_output=True)
    text = (shop / ".devenv" / ".env").read_text()
    folder, place = str(tmp_path / "main" / ".git"), "/workspaces/shop/../main/.git"
    assert text == f"COMPOSE_PROJECT_NAME=chosen\nDEVENV_GIT_FOLDER='{folder}'\nDEVENV_GIT_PLACE='{place}'\n"


def test_another_script_makes_other_inputs() -> None:
    """So that a newer devenv with other scripts writes them, though devenv.toml is the same."""
    made = manifest("[devcontainer]\n")
    (workspace,) = workspaces.wanted(made, runtimes())

    def inputs(**scripts: str) -> str:
        return devcontainer.inputs(workspace, resolved(""), made, Lock(), scripts=scripts, over=[compose.PATH])

    one = {"initialize.sh": "true\n", "lift.sh": "true\n"}
    assert inputs(**one) == inputs(**one)
    assert len({inputs(**one | {name: "false\n"}) for name in one} | {inputs(**one)}) == 3


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("script", ["initialize.sh", "lift.sh"])
def test_a_script_with_windows_line_ends_says_so(shop: Path, script: str) -> None:
    path = shop / ".devcontainer" / script
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    done = subprocess.run(["sh", f".devcontainer/{script}"], cwd=shop, capture_output=True, text=True)
    assert done.returncode == 1
    assert f".devcontainer/{script} has Windows line endings" in done.stderr
    assert "git -c core.autocrlf=false checkout -- .devcontainer" in done.stderr


def test_git_gives_the_scripts_no_windows_line_ends(shop: Path) -> None:
    for folder in (".devenv", ".devcontainer"):
        assert "* text eol=lf" in (shop / folder / ".gitattributes").read_text().splitlines()


@pytest.mark.usefixtures("programs")
def test_a_program_is_lifted_with_its_libraries_where_there_is_no_awk(shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    for name in ("sh", "ldd", "cp", "mkdir", "chmod", "head", "readlink", "grep", "sed", "cat", "bash"):
        found = shutil.which(name)
        assert found
        (path / name).symlink_to(found)
    there = tmp_path / "lifted"
    script = shop / ".devcontainer" / "lift.sh"
    subprocess.run(["sh", script, there, "cat"], env={"PATH": str(path)}, check=True, capture_output=True)
    assert list((there / "lib").glob("libc.so.*"))
    done = subprocess.run([there / "bin" / "cat"], input="it runs", capture_output=True, text=True, check=True)
    assert done.stdout == "it runs"


def test_root_can_be_the_workspaces_user(tmp_path: Path) -> None:
    """For a checkout that belongs to root: nobody else can write there."""
    text = MANIFEST.format(password="devenv").replace("[devcontainer]\n", '[devcontainer]\nuser = "root"\n')
    made = tree(tmp_path / "shop", {"devenv.toml": text})
    said(made, "render")
    text = (made / ".devcontainer/Dockerfile").read_text()
    assert "useradd" not in text
    assert config(made)["remoteUser"] == "root"


def test_every_file_knows_whether_it_was_edited(shop: Path) -> None:
    for path in (shop / ".devcontainer").iterdir():
        assert read_mark(path.read_text()).intact, path
        path.write_text(path.read_text() + "\n")
        assert not read_mark(path.read_text()).intact, path
    assert said(shop, "render", "--check").code == 3


def test_without_the_table_there_is_none(tmp_path: Path) -> None:
    text = MANIFEST.format(password="devenv").partition("[devcontainer]")[0]
    made = tree(tmp_path / "shop", {"devenv.toml": text})
    said(made, "render")
    assert not (made / ".devcontainer").exists()
