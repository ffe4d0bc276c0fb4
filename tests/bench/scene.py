"""What is measured: one stack of Postgres, Redis and RabbitMQ, as devenv runs it and as its peers do, same images."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.clients import first_connections, until_all_greet
from tests.bench.measure import timed

SERVICES = {"db": "postgres", "cache": "redis", "queue": "rabbitmq"}
#: What the stand-ins of one Debian release hold; any release would do.
RELEASE = "bookworm"
_CHECKS = {
    "db": ["CMD-SHELL", "pg_isready -U postgres"],
    "cache": ["CMD", "redis-cli", "ping"],
    "queue": ["CMD", "rabbitmq-diagnostics", "-q", "ping"],
}
_INSIDE = {"db": 5432, "cache": 6379, "queue": 5672}


def images() -> list[dict[str, Any]]:
    """What stand-ins there are."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    listing = Path(os.environ.get("DEVENV_TEST_IMAGES") or cache / "devenv-tests" / "images.json")
    found: list[dict[str, Any]] = json.loads(listing.read_text(encoding="utf-8"))["images"]
    return found


def standin(kind: str, release: str) -> str:
    """The version of a kind's stand-in of one Debian release."""
    return next(str(image["version"]) for image in images() if (image["kind"], image["release"]) == (kind, release))


def standins() -> dict[str, tuple[str, str]]:
    """Service -> version and variant of its stand-in image."""
    found = {}
    for image in images():
        if image["release"] == RELEASE:
            tagged = f"{image['version']}-{image['variant']}" in image["tags"]
            found.setdefault(image["kind"], (image["version"], image["variant"] if tagged else ""))
    return {service: found[kind] for service, kind in SERVICES.items()}


def manifest(name: str, versions: Mapping[str, tuple[str, str]]) -> str:
    """A broker without plugins, as in the peers' files; all else as devenv has it unless told otherwise."""
    lines = [f'[project]\nname = "{name}"\n']
    for service, kind in SERVICES.items():
        version, variant = versions[service]
        lines.append(f'\n[services.{service}]\nkind = "{kind}"\nversion = "{version}"\n')
        lines.append(f'variant = "{variant}"\n' if variant else "")
    lines.insert(2, 'databases = ["bench"]\n')
    lines.append("plugins = []\n\n[env]\n")
    lines += [f'{service.upper()}_URL = "{{{{ services.{service}.url }}}}"\n' for service in SERVICES]
    return "".join(lines)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Stack:
    """One contender: how it is brought up, where its servers are then, and as whom a client comes."""

    name: str
    up: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    project: str
    logins: Mapping[str, tuple[str, str]]
    ports: dict[str, int] = field(default_factory=dict)

    def bring(self) -> float:
        """Bring it up and return the seconds until it said that it was done."""
        return timed(self.up, env=self.env, cwd=self.cwd).wall

    def bring_and_greet(self) -> float:
        """Bring it up and return the seconds until the slowest server answered, whatever was said before."""
        import time

        start = time.perf_counter()
        self.bring()
        until_all_greet(self.ports)
        return time.perf_counter() - start

    def connect(self) -> dict[str, str]:
        return first_connections(self.ports, self.logins)

    def wipe(self) -> None:
        """All that it made: containers, data, networks."""
        label = f"label=com.docker.compose.project={self.project}"
        for listing, removal in (
            (("ps", "--all"), ("rm", "--force", "--volumes")),
            (("volume", "ls"), ("volume", "rm", "--force")),
            (("network", "ls"), ("network", "rm")),
        ):
            if found := docker(*listing, "--quiet", "--filter", label).split():
                docker(*removal, *found)


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


class Scene:
    """A folder with everything in it, wiped at the end."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.root = place / "shop"
        self.mirror = f"127.0.0.1:{os.environ.get('DEVENV_TEST_REGISTRY_PORT', '5055')}"
        self.name = f"bench-{secrets.token_hex(3)}"
        program = Path(sys.executable).parent / "devenv"
        self.devenv = [str(program)] if program.is_file() else [sys.executable, "-m", "devenv"]
        self.stacks: list[Stack] = []
        self.root.mkdir(parents=True)
        (self.root / "devenv.toml").write_text(manifest(self.name, standins()), encoding="utf-8")

    @property
    def env(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG") if key in os.environ}
        return kept | {
            "DEVENV_REGISTRY_MIRROR": self.mirror,
            "DEVENV_STATE": str(self.place / "state"),
            "DEVENV_CONFIG": str(self.place / "no-config.toml"),
        }

    def forget(self) -> None:
        """As on a fresh clone: what is committed stays, what one machine decided or remembered goes."""
        shutil.rmtree(self.place / "state", ignore_errors=True)
        (self.root / ".devenv" / ".env").unlink(missing_ok=True)

    def ours(self) -> Stack:
        """devenv's stack: brought up once, so that images, lock and generated file are there, and wiped."""
        login = {"db": ("postgres", "devenv"), "cache": ("", ""), "queue": ("devenv", "devenv")}
        stack = Stack("devenv up", [*self.devenv, "up"], self.root, self.env, self.name, login)
        self.stacks.append(stack)
        stack.bring()
        stack.ports = self.decided_ports()
        stack.wipe()
        return stack

    def decided_ports(self) -> dict[str, int]:
        text = (self.root / ".devenv" / ".env").read_text(encoding="utf-8")
        return {name: int(re.findall(rf"^DEVENV_{name.upper()}_PORT=(\d+)$", text, re.M)[0]) for name in SERVICES}

    def rendered(self, *words: str, override: Path | None = None) -> list[str]:
        """A Compose command on the file that devenv rendered."""
        folder = self.root / ".devenv"
        files = ["--file", str(folder / "compose.yaml"), *(["--file", str(override)] if override else [])]
        head = ["docker", "compose", "--project-name", self.name, "--project-directory", str(folder)]
        return [*head, "--env-file", str(folder / ".env"), *files, *words]

    def limit(self, ours: Stack) -> Stack:
        """The rendered file without health checks, brought up by Compose alone: nobody can be ready earlier."""
        bare = self.place / "bare.yaml"
        bare.write_text(json.dumps({"services": {name: {"healthcheck": {"disable": True}} for name in SERVICES}}))
        stack = Stack(
            "the limit", self.rendered("up", "-d", override=bare), self.root, self.env, self.name, ours.logins
        )
        stack.ports = ours.ports
        return stack

    def images(self) -> dict[str, str]:
        """Service -> the image as the engine has it."""
        done = subprocess.run(
            self.rendered("config", "--format", "json"), env=self.env, capture_output=True, check=True
        )
        return {name: entry["image"] for name, entry in json.loads(done.stdout)["services"].items()}

    def by_hand(self, seconds: int) -> Stack:
        """A Compose file as people write it, its health checks at an interval; a stack of its own each time."""
        ports = {name: free_port() for name in SERVICES}
        project = f"{self.name}-hand{len(self.stacks)}"
        folder = self.place / project
        folder.mkdir()
        (folder / "compose.yaml").write_text(
            json.dumps({"name": project, **conventional(self.images(), ports, seconds)})
        )
        up = ["docker", "compose", "--project-name", project, "up", "-d", "--wait"]
        login = {"db": ("postgres", "bench"), "cache": ("", ""), "queue": ("guest", "guest")}
        name = f"`docker compose up -d --wait`, checks every {seconds} s"
        stack = Stack(name, up, folder, self.env, project, login, ports)
        self.stacks.append(stack)
        return stack

    def devservices(self, program: Path) -> Stack:
        """The same file, brought up by devservices."""
        ports = {name: free_port() for name in SERVICES}
        project = f"{self.name}-ds"
        folder = self.place / "devservices-shop"
        (folder / "devservices").mkdir(parents=True)
        head = {
            "version": 0.1,
            "service_name": project,
            "dependencies": {name: {"description": name} for name in SERVICES},
            "modes": {"default": list(SERVICES)},
        }
        body = {"x-sentry-service-config": head, **conventional(self.images(), ports, 5)}
        (folder / "devservices" / "config.yml").write_text(json.dumps(body))
        home = self.place / "devservices-home"
        home.mkdir()
        own = {"HOME": str(home), "DOCKER_CONFIG": os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")}
        env = self.env | own | {"DEVSERVICES_DISABLE_SENTRY": "1"}
        login = {"db": ("postgres", "bench"), "cache": ("", ""), "queue": ("guest", "guest")}
        stack = Stack("`devservices up`", [str(program), "up", "--offline"], folder, env, project, login, ports)
        self.stacks.append(stack)
        return stack

    def close(self) -> None:
        for stack in self.stacks:
            stack.wipe()
        shutil.rmtree(self.place, ignore_errors=True)


def conventional(images: Mapping[str, str], ports: Mapping[str, int], seconds: int) -> dict[str, Any]:
    """The body of a Compose file for the three, with the health checks that most such files have."""
    services: dict[str, Any] = {
        name: {
            "image": images[name],
            "ports": [f"127.0.0.1:{ports[name]}:{_INSIDE[name]}"],
            "healthcheck": {"test": _CHECKS[name], "interval": f"{seconds}s", "timeout": "10s", "retries": 60},
            "volumes": [f"{name}:{data}"],
        }
        for name, data in (("db", "/var/lib/postgresql/data"), ("cache", "/data"), ("queue", "/var/lib/rabbitmq"))
    }
    services["db"]["environment"] = {"POSTGRES_PASSWORD": "bench", "POSTGRES_DB": "bench"}
    services["queue"]["hostname"] = "queue"
    return {"services": services, "volumes": {name: {} for name in SERVICES}}
