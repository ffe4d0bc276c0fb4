"""Builds the stand-ins for official images and pushes them, as OCI indexes, to the registry of the tests.

    python tests/images/build.py [--registry HOST:PORT] [--only KIND|KIND-RELEASE ...] [--fresh] [--list] [--out FILE]

An image is looked for in the registry first, then in the local engine, by the hash of everything that goes into it;
only what neither holds is built. Which tags an image gets is decided last, when all versions are known.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker_cli
from docker_cli import BuildError
from local_registry import Published, Registry, RegistryError, numbers
from recipes import Image, base_tag, load, recipe

# The machines this runs on have two cores.
PARALLEL = 2


@dataclass(frozen=True)
class Options:
    registry: Registry
    logs: Path
    fresh: bool


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "devenv-tests"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Builder:
    """Makes images be in the registry; remembers which bases are being made, so that each is made once."""

    def __init__(self, options: Options, known: dict[str, Published]) -> None:
        self.options = options
        self.known = known
        self.done: dict[Image, Published] = {}
        self.failures: list[str] = []
        self._built: set[Image] = set()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def ensure_family(self, family: tuple[Image, ...]) -> None:
        """One image and those on top of it, in order. A failure costs the rest of the family, not the other ones."""
        try:
            for image in family:
                self.done[image] = self.ensure(image)
        except (BuildError, RegistryError) as error:
            self.failures.append(f"{family[0].name}: {error}")

    def ensure(self, image: Image) -> Published:
        if not self.options.fresh and (published := self.known.get(recipe(image))):
            return published
        start = time.monotonic()
        self._ensure_local(image)
        published = self._publish(image)
        megabytes = published.size / 1e6
        say(f"{image.name}: {published.version}, {megabytes:.0f} MB, {time.monotonic() - start:.0f} s")
        return published

    def _ensure_local(self, image: Image) -> None:
        with self._locks[image.name]:
            stale = self.options.fresh and image not in self._built
            if docker_cli.has_image(image.local_tag) and not stale:
                return
            if image.upstream:
                self._ensure_local(image.upstream)
            else:
                self._ensure_base(image.release)
            say(f"{image.name}: building")
            docker_cli.build(image, self.options.logs, fresh=self.options.fresh)
            self._built.add(image)

    def _ensure_base(self, release: str) -> None:
        with self._locks[release]:
            if docker_cli.has_image(base_tag(release)):
                return
            say(f"base {release}: building")
            docker_cli.make_base(release, self.options.logs)

    def _publish(self, image: Image) -> Published:
        registry = self.options.registry
        version = docker_cli.built_version(image)
        tag = version + image.suffixes[0]
        docker_cli.push(image, f"{registry.address}/{image.repository}:{tag}", self.options.logs)
        digest = registry.publish_index(image.repository, tag, recipe=recipe(image), version=version)
        return Published(digest, version, registry.size(image.repository, digest))


def families(images: Iterable[Image]) -> list[tuple[Image, ...]]:
    """Images that build on each other go to one worker."""
    grouped: dict[str, list[Image]] = defaultdict(list)
    for image in images:
        grouped[(image.upstream or image).name].append(image)
    return [tuple(group) for group in grouped.values()]


def assign_tags(found: list[tuple[Image, Published]]) -> dict[str, list[str]]:
    """The tags of each image: its version and every series it belongs to; the newest version owns a shared series."""
    owners: dict[tuple[str, str], tuple[tuple[int, ...], str]] = {}
    for image, published in found:
        parts = published.version.split(".")
        for count in range(1, len(parts) + 1):
            for suffix in image.suffixes:
                key = image.repository, ".".join(parts[:count]) + suffix
                owners[key] = max(owners.get(key, ((), "")), (numbers(published.version), image.name))
    tags: dict[str, list[str]] = defaultdict(list)
    for (_, tag), (_, name) in sorted(owners.items(), key=lambda item: (-len(item[0][1]), item[0][1])):
        tags[name].append(tag)
    return tags


def publish_tags(registry: Registry, found: list[tuple[Image, Published]]) -> list[dict[str, Any]]:
    """Let each tag name its owner; gives the rows of the report."""
    tags = assign_tags(found)
    for image, published in found:
        for tag in tags[image.name]:
            if registry.digest(image.repository, tag) != published.digest:
                registry.tag(image.repository, published.digest, tag)
    return [
        {
            "repository": image.repository,
            "tags": tags[image.name],
            "version": published.version,
            "variant": image.variant,
            "kind": image.kind.removesuffix("-management"),
            "release": image.release,
            "digest": published.digest,
            "size": published.size,
        }
        for image, published in found
    ]


def build_all(images: tuple[Image, ...], only: list[str], options: Options) -> tuple[list[dict[str, Any]], list[str]]:
    """Build what was asked for; what else the registry already holds takes part in the sharing of tags."""
    known: dict[str, Published] = {}
    for repository in sorted({image.repository for image in images}):
        known |= options.registry.published(repository)
    builder = Builder(options, known)
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(builder.ensure_family, families(image for image in images if is_wanted(image, only))))
    found = {image: known[recipe(image)] for image in images if recipe(image) in known} | builder.done
    rows = publish_tags(options.registry, [(image, found[image]) for image in images if image in found])
    return rows, builder.failures


def is_wanted(image: Image, only: list[str]) -> bool:
    return not only or image.kind in only or image.name in only


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    port = os.environ.get("DEVENV_TEST_REGISTRY_PORT", "5055")
    parser.add_argument("--registry", default=f"127.0.0.1:{port}", help="default: %(default)s")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="a kind, or KIND-RELEASE")
    parser.add_argument("--fresh", action="store_true", help="build again, with the packages of today")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--out", type=Path, default=cache_folder() / "images.json", help="default: %(default)s")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    images = load()
    if options.list:
        print("\n".join(image.name for image in images))
        return 0
    if unknown := [name for name in options.only if not any(is_wanted(image, [name]) for image in images)]:
        say(f"unknown: {', '.join(unknown)}; --list shows the names")
        return 2
    registry = Registry(options.registry)
    if not registry.answers():
        say(f"no registry answers on {options.registry}; tests/machine/engine.sh starts one")
        return 1
    logs = cache_folder() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    try:
        rows, failures = build_all(images, options.only, Options(registry, logs, options.fresh))
    except RegistryError as error:
        say(str(error))
        return 1
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"images": rows}, indent=2) + "\n", encoding="utf-8")
    say(f"{len(rows)} images; {options.out}")
    for failure in failures:
        say(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
