"""A user's project on a real engine: devenv is run as a program, as people run it."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from tests.output import checked

ROOT = Path(__file__).parents[2]
MIRROR = f"127.0.0.1:{os.environ.get('DEVENV_TEST_REGISTRY_PORT', '5055')}"


def docker(*words: str) -> str:
    """What a docker command printed; fails the test if it failed."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def pushed(name: str, recipe: str) -> str:
    """An image of a Dockerfile's text, in the registry: what a manifest calls it is ``name``, here it is the answer."""
    here = f"{MIRROR}/library/{name}"
    build = ["docker", "build", "--quiet", "--tag", here, "-"]
    done = subprocess.run(build, input=recipe, text=True, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr
    docker("push", "--quiet", here)
    return here


def bridge_address() -> str:
    """This machine's address on the engine's own network. The engine does not always name the gateway there."""
    subnet = docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}").strip()
    return str(ipaddress.ip_network(subnet)[1])


def own_port(*, first: int = 22000, count: int = 8000) -> int:
    """One of ``count`` ports from ``first`` on that nobody has and nobody is given by chance: it is still free when it is needed again, also while
    others test beside."""
    while True:
        port = first + secrets.randbelow(count)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Project:
    """A folder with a ``devenv.toml`` under a name that nobody else has on this engine."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name = root, name
        self._answers: dict[tuple[str, ...], str] = {}

    def write(self, manifest: str) -> None:
        """The manifest anew; its ``[project]`` is added."""
        self.file("devenv.toml", f'[project]\nname = "{self.name}"\n\n{manifest}')

    def file(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def run(self, *words: str, code: int = 0, timeout: float = 300) -> str:
        """What devenv printed on stdout; fails the test if it ends with another code."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG") if key in os.environ}
        env = kept | {
            "PYTHONPATH": str(ROOT),
            "DEVENV_REGISTRY_MIRROR": MIRROR,
            "DEVENV_STATE": str(self.root / "state"),
            "DEVENV_CONFIG": str(self.root / "no-config.toml"),
            "DEVENV_TRUST": "1",
            "NO_COLOR": "1",
        }
        argv = [sys.executable, "-m", "devenv", *words]
        done = subprocess.run(argv, cwd=self.root, env=env, capture_output=True, text=True, timeout=timeout)
        assert done.returncode == code, f"devenv {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *words: str, **options: Any) -> Any:
        return checked(words, self.run(*words, "--format", "json", **options))

    def up(self, *words: str, **options: Any) -> Any:
        return self.json("up", *words, **options)

    def plan(self) -> dict[str, str]:
        """What ``up`` would do: subject -> action and reason."""
        steps = self.json("up", "--dry-run")["plan"]
        return {step["subject"]: f"{step['action']}: {step['reason']}" for step in steps}

    def url(self, service: str, output: str = "url") -> str:
        return self.answer("url", service, output).removesuffix("\n")

    def answer(self, *words: str) -> str:
        """What a command prints that reads nothing but the manifest and ``.devenv/.env``; run once while they are the same."""
        read = [self.root / name for name in ("devenv.toml", "devenv.local.toml", ".devenv/.env")]
        question = (*words, *(path.read_text(encoding="utf-8") for path in read if path.exists()))
        if question not in self._answers:
            self._answers[question] = self.run(*words)
        return self._answers[question]

    @staticmethod
    def as_user(url: str, user: str, password: str) -> str:
        """A URL for somebody else."""
        split = urlsplit(url)
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{split.hostname}:{split.port}"
        return urlunsplit(split._replace(netloc=netloc))

    def own_health(self, service: str) -> int | None:
        """The exit code of a container's health check, run now; None if it has none."""
        container = self.container(service)
        check = json.loads(docker("inspect", "--format", "{{json .Config.Healthcheck}}", container))
        if not check:
            return None
        how, *words = check["Test"]
        words = ["sh", "-c", *words] if how == "CMD-SHELL" else words
        return subprocess.run(["docker", "exec", container, *words], capture_output=True, timeout=30).returncode

    def container(self, service: str) -> str:
        label = "label=com.docker.compose"
        return docker(
            "ps", "--quiet", "--filter", f"{label}.project={self.name}", "--filter", f"{label}.service={service}"
        ).strip()

    def remove(self) -> None:
        """All that it made, no matter how far it came."""
        own = ("--quiet", "--filter", f"label=com.docker.compose.project={self.name}")
        for listing, removal in (
            (("ps", "--all"), ("rm", "--force", "--volumes")),
            (("volume", "ls"), ("volume", "rm", "--force")),
            (("network", "ls"), ("network", "rm")),
        ):
            if found := docker(*listing, *own).split():
                docker(*removal, *found)
