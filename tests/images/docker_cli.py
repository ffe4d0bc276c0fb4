"""What the build asks of the Docker Engine, through its command line.

The classic builder (`DOCKER_BUILDKIT=0`) is used everywhere: every engine has it, and it pushes exactly one manifest.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from local_registry import RECIPE, VERSION
from recipes import BASE_FOLDER, BASE_OPTIONS, Image, base_tag, recipe

BUILD = ("docker", "build", "--force-rm")
# The classic builder colours what steps write to stderr.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class BuildError(Exception):
    """A command failed; the message holds the end of its output."""


def has_image(tag: str) -> bool:
    done = subprocess.run(["docker", "image", "inspect", tag], capture_output=True, check=False)
    return done.returncode == 0


def make_base(release: str, logs: Path) -> None:
    """A minimal Debian of this release, from the mirror that mmdebstrap finds by itself."""
    log, bare = logs / f"base-{release}.log", f"{base_tag(release)}-bare"
    with tempfile.TemporaryDirectory(prefix="devenv-base-") as folder:
        archive = Path(folder) / "base.tar"
        run(["mmdebstrap", *BASE_OPTIONS, release, str(archive)], log=log)
        run(["docker", "import", str(archive), bare], log=log)
    run([*BUILD, "--tag", base_tag(release), "--build-arg", f"BASE={bare}", str(BASE_FOLDER)], log=log)
    run(["docker", "image", "rm", bare], log=log)


def build(image: Image, logs: Path, *, fresh: bool) -> None:
    """Build an image under its local tag, and write into it which version it turned out to be."""
    log = logs / f"{image.name}.log"
    draft = f"{image.local_tag}-draft"
    below = image.upstream.local_tag if image.upstream else base_tag(image.release)
    command = [*BUILD, "--tag", draft, "--file", str(image.folder / image.dockerfile)]
    command += ["--no-cache"] if fresh else []
    command += ["--build-arg", f"BASE={below}"]
    for key, value in image.arguments:
        command += ["--build-arg", f"{key}={value}"]
    run([*command, str(image.folder)], log=log)
    version = ask_version(image, draft)
    final = f"FROM {draft}\nENV {image.version_env}={version}\nLABEL {RECIPE}={recipe(image)} {VERSION}={version}\n"
    run([*BUILD, "--tag", image.local_tag, "-"], log=log, stdin=final)
    run(["docker", "image", "rm", draft], log=log)


def built_version(image: Image) -> str:
    """The version in the label of the local image."""
    query = f'{{{{index .Config.Labels "{VERSION}"}}}}'
    return run(["docker", "image", "inspect", "--format", query, image.local_tag]).strip()


def ask_version(image: Image, tag: str) -> str:
    """The server's own word for its version; dpkg's has epochs and revisions."""
    program, *arguments = image.version_command
    command = ["docker", "run", "--rm", "--network", "none", "--entrypoint", program, tag, *arguments]
    # Mosquitto tells its version only in its help, and calls that a failure.
    answer = run(command, may_fail=True)
    found = re.search(r"\d+(?:\.\d+)+", answer)
    if not found:
        raise BuildError(f"{image.name}: no version in the answer to {' '.join(image.version_command)}: {answer!r}")
    return found.group()


def push(image: Image, reference: str, logs: Path) -> None:
    """Push under a name of the registry, then take that name away again, lest it hides what a test pulls."""
    log = logs / f"{image.name}.log"
    run(["docker", "tag", image.local_tag, reference], log=log)
    run(["docker", "push", "--quiet", reference], log=log)
    run(["docker", "image", "rm", reference], log=log)


def run(command: list[str], *, log: Path | None = None, stdin: str = "", may_fail: bool = False) -> str:
    """Run to the end; the output goes to the log, and its tail into the error."""
    environment = os.environ | {"DOCKER_BUILDKIT": "0", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if log else subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
    output = COLOUR.sub("", done.stdout)
    if log:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}\n{output}")
    if done.returncode != 0 and not may_fail:
        tail = "\n".join((output + (done.stderr or "")).splitlines()[-25:])
        where = f"\nthe whole output: {log}" if log else ""
        raise BuildError(f"{' '.join(command[:4])} … failed ({done.returncode}):\n{tail}{where}")
    return output
