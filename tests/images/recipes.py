"""Reads `images.toml` and says what each image is made of.

A recipe's hash is the identity of an image before it is built: the base's recipe, every file of the folder and the
build arguments. It says nothing of Debian's package versions, on purpose: a second run must not have to ask a mirror.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BASE_FOLDER = HERE / "base"

# Raised when the way of building changes so that old images must not be taken for new ones.
FORMAT = 1

# In every base: what all entry points use, plus what makes apt in a derived Dockerfile quick and quiet.
BASE_PACKAGES = ("ca-certificates", "gosu", "tzdata", "xz-utils", "zstd")
BASE_OPTIONS = (
    "--variant=minbase",
    f"--include={','.join(BASE_PACKAGES)}",
    # Development releases expire: an unchanged mirror must still do.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Retries "3"',
    '--aptopt=Apt::AutoRemove::SuggestsImportant "false"',
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-include=/usr/share/locale/locale.alias",
    # Of the machine that builds.
    '--customize-hook=rm -f "$1/etc/resolv.conf" "$1/etc/hostname"',
)


@dataclass(frozen=True)
class Image:
    """One image to build; `upstream` is the image below it, when that is not the release's base."""

    kind: str
    release: str
    repository: str
    folder: Path
    dockerfile: str
    arguments: tuple[tuple[str, str], ...]
    version_command: tuple[str, ...]
    version_env: str
    suffixes: tuple[str, ...]
    upstream: Image | None

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.release}"

    @property
    def variant(self) -> str:
        """What a user of devenv would write as `variant`: `bookworm`, `management`, or nothing."""
        return self.suffixes[0].removeprefix("-")

    @property
    def local_tag(self) -> str:
        """The name in the local engine, with the recipe in it: another recipe is another image."""
        return f"devenv-tests/{self.kind}:{self.release}-{recipe(self)[:12]}"


def base_recipe(release: str) -> str:
    """The identity of a release's base image."""
    return _digest(str(FORMAT), release, *BASE_OPTIONS, *_contents(BASE_FOLDER))


def base_tag(release: str) -> str:
    return f"devenv-tests/base:{release}-{base_recipe(release)[:12]}"


def recipe(image: Image) -> str:
    """The identity of an image: equal recipes need no second build."""
    below = recipe(image.upstream) if image.upstream else base_recipe(image.release)
    parts = [str(FORMAT), below, image.dockerfile, image.version_env]
    parts += [f"{key}={value}" for key, value in image.arguments]
    return _digest(*parts, *_contents(image.folder))


def load(path: Path = HERE / "images.toml") -> tuple[Image, ...]:
    """All images, each after the one it is built on."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    images: dict[tuple[str, str], Image] = {}
    for kind, row in table["kinds"].items():
        for release, arguments in row["releases"].items():
            if release not in table["releases"]:
                raise ValueError(f"{path}: kinds.{kind}.releases.{release}: unknown release")
            upstream = images[row["on"], release] if "on" in row else None
            images[kind, release] = _image(kind, release, row, arguments, upstream)
    return tuple(images.values())


def _image(kind: str, release: str, row: dict[str, Any], arguments: dict[str, str], upstream: Image | None) -> Image:
    return Image(
        kind=kind,
        release=release,
        repository=row["repository"],
        folder=HERE / row.get("folder", kind),
        dockerfile=row.get("dockerfile", "Dockerfile"),
        arguments=tuple(sorted(arguments.items())),
        version_command=tuple(row["version"]),
        version_env=row["env"],
        suffixes=tuple(suffix.format(release=release) for suffix in row["suffixes"]),
        upstream=upstream,
    )


def _contents(folder: Path) -> list[str]:
    """Names and texts of a folder's files; not their modes, which a checkout may change."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [text for path in files for text in (path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8"))]


def _digest(*parts: str) -> str:
    """Of the parts and of where each ends, so that moving a letter from one to the next changes it."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(f"{len(data)}:".encode() + data)
    return digest.hexdigest()
