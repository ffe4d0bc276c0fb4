"""One world for host and IDE: the reference CLI starts what devenv rendered, and each sees what the other did."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from tests.engine import clients
from tests.engine.conftest import Make, Standin
from tests.engine.project import MIRROR, ROOT, Project, bridge_address, docker, own_port, pushed
from tests.engine.running import REDIS, containers, devenv, running, volumes, well
from tests.engine.upgrading import version

PYTHON = [sys.executable, "-m"]
SERVICES = """\
[services.db]
kind = "postgres"
version = "{db}"
databases = ["app"]
port = {db_port}
[services.cache]
kind = "redis"
version = "{cache}"
port = {cache_port}
"""
MANIFEST = (
    SERVICES
    + """\
[services.queue]
kind = "rabbitmq"
version = "{queue}"
variant = "management"
port = {queue_port}
ports = {{ management = {management_port} }}
[runtimes]
python = "{python}"
node = "{node}"
[env]
DATABASE_URL = "{{{{ services.db.url }}}}"
REDIS_URL = "{{{{ services.cache.url }}}}"
QUEUE_HOST = "{{{{ services.queue.host }}}}"
[devcontainer]
extensions = ["ms-python.python"]
"""
)


class Checkout:
    """A clone without devenv beside the one that it was rendered in."""

    def __init__(self, own: Project, program: str, root: Path | None = None) -> None:
        self.own, self.root, self.program = own, root or own.root, program

    def call(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        """The reference CLI, as an IDE calls it."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        options = ["--workspace-folder", str(self.root)]
        return subprocess.run(
            [self.program, verb, *options, *words],
            env={**kept, "DEVENV_REGISTRY": MIRROR},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
        )

    def opened(self) -> Any:
        done = self.call("up")
        assert done.returncode == 0, done.stderr[-6000:]
        return json.loads(done.stdout.strip().splitlines()[-1])

    def inside(self, script: str) -> str:
        done = self.call("exec", "sh", "-c", script)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()


@pytest.fixture
def program() -> str:
    """The reference CLI."""
    script = ROOT / "tests" / "machine" / "devcontainer.sh"
    return subprocess.run([script], capture_output=True, text=True, check=True, timeout=600).stdout.strip()


@pytest.fixture
def values(standins: tuple[Standin, ...]) -> dict[str, str]:
    wanted = {"db": ("postgres", "15"), "cache": ("redis", "7.0"), "queue": ("rabbitmq", "3.10")}
    found = {name: version(standins, *of) for name, of in wanted.items()}
    of_bookworm = {item.kind: item.version for item in standins if item.variant == "bookworm"}
    # Without devenv nobody looks for a free port.
    ports = {f"{name}_port": str(own_port()) for name in ("db", "cache", "queue", "management")}
    return found | {name: of_bookworm[name] for name in ("python", "node")} | ports


@pytest.fixture
def clone(project: Make, values: dict[str, str], program: str) -> Iterator[Checkout]:
    author = project("")
    author.write(MANIFEST.format(**values))
    well(devenv(author, "lock"))
    well(devenv(author, "render"))
    other = project("")
    for name in ("devenv.toml", "devenv.lock", ".devenv", ".devcontainer"):
        source = author.root / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, other.root / name)
    assert not (other.root / ".devenv" / ".env").exists()
    other.name = author.name  # as the manifest has it
    yield Checkout(other, program)
    unbuilt(other)


def unbuilt(own: Project) -> None:
    """Without the images of its workspaces."""
    made = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference=*{own.name}*")
    for image in sorted(made.split(), reverse=True):  # those that the CLI built upon ours first
        docker("image", "rm", "--force", image)


def test_one_world(clone: Checkout, values: dict[str, str], standins: tuple[Standin, ...]) -> None:
    own = clone.own
    assert clone.opened()["outcome"] == "success"
    assert clone.inside("id -un; pwd") == f"dev\n/workspaces/{own.name}"
    assert clone.inside('psql "$DATABASE_URL" -Atc "SHOW server_version"').split()[0] == values["db"]
    assert f"(PostgreSQL) {values['db']}" in clone.inside("psql --version")
    assert f"(PostgreSQL) {values['db']}" in clone.inside("pg_dump --version")
    assert clone.inside('redis-cli -u "$REDIS_URL" PING') == "PONG"
    assert values["cache"] in clone.inside("redis-cli --version")
    assert "rabbit@queue" in clone.inside('rabbitmqadmin -H "$QUEUE_HOST" -u devenv -p devenv list nodes name')
    assert clone.inside("python3 --version") == f"Python {values['python']}"
    assert clone.inside("node --version") == f"v{values['node']}"

    status = devenv(own, "status", "-j").document
    assert {item["service"]: item["running"] for item in status["services"]} == {
        name: values[name] for name in ("db", "cache", "queue")
    }
    assert status["workspaces"] == ["workspace"]
    before = {name: own.container(name) for name in ("db", "cache", "queue", "workspace")}
    up = well(devenv(own, "up", "-j")).document
    assert {step["action"] for step in up["plan"]} == {"keep"}
    assert [note.partition(" in volume ")[0] for note in up["notes"]] == [
        f"{name}: uses the data" for name in ("db", "cache", "queue")
    ]
    assert {name: own.container(name) for name in before} == before

    clone.inside("""psql "$DATABASE_URL" -qc "CREATE TABLE t (v text)" -c "INSERT INTO t VALUES ('from inside')" """)
    assert clients.postgres(own.url("db"), "SELECT v FROM t") == "from inside"
    clients.postgres(own.url("db"), "INSERT INTO t VALUES ('from outside')")
    assert clone.inside('psql "$DATABASE_URL" -Atc "SELECT count(*) FROM t"') == "2"
    assert clone.opened()["outcome"] == "success"
    assert {name: own.container(name) for name in before} == before  # with .devenv/.env as without it

    moved = {**values, "db": version(standins, "postgres", "17")}
    own.write(MANIFEST.format(**moved))
    behind = devenv(own, "behind", "--exit-code")
    assert behind.code == 3
    assert (
        "this machine does not match devenv.toml; 'devenv sync' brings it in step, and its data comes along"
        in behind.err
    )
    well(devenv(own, "sync", "--yes"))
    assert (devenv(own, "behind").err, running(own)) == ("", {"db", "cache", "queue"})
    assert clone.opened()["outcome"] == "success"
    assert clone.inside('psql "$DATABASE_URL" -Atc "SHOW server_version"').split()[0] == moved["db"]
    assert f"(PostgreSQL) {moved['db']}" in clone.inside("pg_dump --version")
    assert clone.inside('psql "$DATABASE_URL" -Atc "SELECT count(*) FROM t"') == "2"
    down = well(devenv(own, "down"))
    assert "workspace" in down.err
    assert docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={own.name}") == ""


LONE = """\
[services.cache]
kind = "redis"
version = "{cache}"
port = {cache_port}
[runtimes]
node = "{node}"
[env]
REDIS_URL = "{{{{ services.cache.url }}}}"
[devcontainer.parity]
services = ["cache"]
"""
#: As people write it: with comments, and commas behind what is last.
HAND_WRITTEN = """\
{
  // What this project had before, over the services of devenv.toml.
  "name": "mine",
  "dockerComposeFile": ["../.devenv/compose.yaml", "parity/compose.yaml"],
  "service": "workspace-parity",
  "workspaceFolder": "/workspaces/PROJECT",
  "initializeCommand": "sh .devcontainer/parity/initialize.sh",
  "remoteUser": "dev",
  "containerEnv": { "REDIS_URL": "redis://:devenv@cache:6379/0", },
}
"""


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True)


def test_two_worktrees_opened_by_an_ide_alone(project: Make, values: dict[str, str], program: str) -> None:
    """By a devcontainer.json of the user's own that includes ours: neither touches the other's containers, data, ports;
    and devenv, when it comes, finds nothing to do."""
    own = project("")
    own.write(LONE.format(**values))
    (own.root / ".devcontainer").mkdir()
    (own.root / ".devcontainer" / "devcontainer.json").write_text(HAND_WRITTEN.replace("PROJECT", own.name))
    well(devenv(own, "lock"))
    well(devenv(own, "render"))
    git(own.root, "init", "--quiet")
    git(own.root, "add", "devenv.toml", "devenv.lock", ".devenv", ".devcontainer")
    git(own.root, "commit", "--quiet", "--message", "As production is")
    there = own.root.parent / f"{own.root.name} zweiter Bäum"
    git(own.root, "worktree", "add", "--quiet", "-b", "other", str(there))
    first, second = Checkout(own, program), Checkout(own, program, there)
    try:
        for checkout in (first, second):
            assert checkout.opened()["outcome"] == "success"
        assert not (own.root / ".devenv" / ".env").exists()
        kept = dict(line.split("=", 1) for line in (there / ".devenv" / ".env").read_text().splitlines())
        name, port = kept["COMPOSE_PROJECT_NAME"], kept["DEVENV_CACHE_PORT"]
        assert name.startswith(f"{own.name}-")
        assert port != values["cache_port"]
        for checkout, said in ((first, "one"), (second, "two")):
            assert checkout.inside(f'redis-cli -u "$REDIS_URL" SET k {said}') == "OK"
        assert [checkout.inside('redis-cli -u "$REDIS_URL" GET k') for checkout in (first, second)] == ["one", "two"]
        # The image has a user of that number already, with another name.
        assert second.inside("id -un; id -u; echo ~; pwd") == f"dev\n1000\n/home/dev\n/workspaces/{own.name}"
        assert second.inside("git -c safe.directory='*' log -1 --format=%s") == "As production is"
        assert second.inside("node --version") == f"v{values['node']}"
        status = devenv(own, "status", "-j", cwd=there).document
        assert [(item["running"], item["address"]) for item in status["services"]] == [
            (values["cache"], f"127.0.0.1:{port}")
        ]
        assert status["workspaces"] == ["workspace-parity"]
        up = well(devenv(own, "up", "-j", cwd=there)).document
        assert {step["action"] for step in up["plan"]} == {"keep"}
        with redis.Redis.from_url(well(devenv(own, "url", "cache", cwd=there)).out.strip()) as client:
            assert client.get("k") == b"two"
        assert "workspace-parity" in well(devenv(own, "down", cwd=there)).err
        assert first.inside('redis-cli -u "$REDIS_URL" GET k') == "one"
    finally:
        made = docker("ps", "--all", "--quiet", "--filter", f"name=^{own.name}").split()
        if made:
            docker("rm", "--force", "--volumes", *made)
        volumes = docker("volume", "ls", "--quiet", "--filter", f"name=^{own.name}").split()
        docker("volume", "rm", *volumes)
        unbuilt(own)


def test_a_feature_that_cannot_be_had(project: Make, values: dict[str, str], program: str) -> None:
    own = project("")
    own.write(LONE.format(**values) + '[devcontainer.parity.features]\n"localhost:1/features/go:1" = {}\n')
    well(devenv(own, "lock"))
    well(devenv(own, "render"))
    path = f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}"
    ended = devenv(own, "devcontainer", "up", "--config", "parity", PATH=path)
    assert ended.code == 1
    assert "localhost:1/features/go:1" in ended.err + ended.out
    assert docker("ps", "--all", "--quiet", "--filter", f"name=^{own.name}") == ""


def config(clone: Checkout) -> Any:
    done = clone.call("read-configuration")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])["configuration"]


def test_the_reference_cli_reads_every_configuration(clone: Checkout) -> None:
    found = config(clone)
    assert found["service"] == "workspace"
    assert found["containerEnv"]["DATABASE_URL"].endswith("@db:5432/app")


WITH_DEVENV = (
    SERVICES
    + """\
[env]
DATABASE_URL = "{{{{ services.db.url }}}}"
[devcontainer]
image = "{image}"
devenv = "devenv-parity"
"""
)


@pytest.fixture
def index(values: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Where pip in a container finds devenv and all that it needs."""
    built, served = tmp_path / "built", tmp_path / "served"
    subprocess.run([*PYTHON, "build", "--wheel", "--no-isolation", "--outdir", str(built), str(ROOT)], check=True)
    (wheel,) = built.glob("*.whl")
    needs = ["--only-binary=:all:", "--python-version", values["python"].rpartition(".")[0], "--dest", str(served)]
    subprocess.run([*PYTHON, "pip", "download", "--quiet", *needs, str(wheel)], check=True)
    host = bridge_address()
    with ThreadingHTTPServer((host, 0), partial(Quiet, directory=str(served))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{host}:{server.server_port}/"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *words: Any) -> None:
        return None


def test_devenv_in_a_workspace(project: Make, values: dict[str, str], index: str, program: str) -> None:
    """It asks the services themselves: there is no engine in there."""
    own = project("")
    base = f"{own.name}-base:1"
    config = f"[global]\\nno-index = true\\nfind-links = {index}\\ntrusted-host = {urlsplit(index).hostname}\\n"
    own.root.chmod(0o700)
    python = f"{MIRROR}/library/python:{values['python']}-bookworm"
    pushed(base, f"FROM {python}\nRUN printf '{config}' >/etc/pip.conf\n")
    own.write(WITH_DEVENV.format(**values, image=base))
    own.up()
    opened = Checkout(own, program)
    try:
        assert opened.opened()["outcome"] == "success"
        denied = opened.call("exec", "devenv", "status")
        assert "devenv.toml cannot be looked for: Permission denied" in denied.stderr + denied.stdout, denied
        own.root.chmod(0o755)
        status = json.loads(opened.inside("devenv status -j"))
        found = {item["service"]: (item["running"], item["state"], item["address"]) for item in status["services"]}
        assert found == {
            "db": (None, "ready", "db:5432"),  # PostgreSQL says its version only to who has logged in
            "cache": (values["cache"], "ready", "cache:6379"),
        }
        assert "DATABASE_URL='postgresql://postgres:devenv@db:5432/app'" in opened.inside("devenv env")
        assert opened.inside("devenv client db -- -Atc 'SHOW server_version'").split()[0] == values["db"]
        assert opened.inside("devenv client cache -- PING") == "PONG"
        lacking = opened.call("exec", "devenv", "up")
        assert (
            lacking.returncode,
            "in a devcontainer's workspace: run it on the host" in lacking.stderr + lacking.stdout,
        ) == (7, True), lacking
    finally:
        well(devenv(own, "down"))
        unbuilt(own)


@pytest.mark.parametrize("words", ["up", "reset -y cache", "snapshot create", "down", "sync --yes"])
def test_an_engine_in_a_workspace(project: Make, words: str) -> None:
    """It may be the host's, on which another checkout has the name that this one would have."""
    own = project(f"[services.cache]\n{REDIS}")
    own.up()
    there = containers(own), volumes(own), (own.root / ".devenv" / ".env").read_text()
    ended = devenv(own, *words.split(), DEVENV_WORKSPACE="workspace")
    assert ended.code == 7
    assert "in a workspace services are neither started nor changed\n  run it on the host" in ended.err
    assert devenv(own, "behind", DEVENV_WORKSPACE="workspace").err == ""
    assert (containers(own), volumes(own), (own.root / ".devenv" / ".env").read_text()) == there
