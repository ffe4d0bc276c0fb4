"""The text of ``devenv.lock``, and what it lacks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from devenv import tomldoc
from devenv.errors import ManifestError
from devenv.model.image import ImageRef, parse_image
from devenv.model.lock import Lock, Locked
from devenv.model.problem import Problem, Where

PATH = "devenv.lock"
#: The same for images that only a developer's own layer names. Not committed.
LOCAL_PATH = ".devenv/local.lock"
_HEAD = (
    "# Written by `devenv lock`; commit it. The exact image behind every name in devenv.toml, the same for everybody.\n"
    "version = 1\n"
)
_LOCAL_HEAD = (
    "# Written by devenv, not committed: the exact images behind what this checkout's devenv.local.toml alone names.\n"
    "version = 1\n"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def parse_lock(text: str, file: str = PATH) -> Lock:
    """Raises ManifestError for a text that is no lock, naming the file and the line."""
    try:
        data = tomldoc.parse(text)
    except tomldoc.TomlError as error:
        hint = "a merge left its marks? 'devenv lock --update' writes it anew"
        raise ManifestError(Problem(f"not valid TOML: {error.message}", hint, Where(file, error.line))) from error
    if data.get("version", 1) != 1:
        raise ManifestError(
            Problem("was written by a newer devenv", "'pip install .' in a checkout of the newer devenv", Where(file))
        )
    images = data.get("images", {})
    entries = images.items() if isinstance(images, dict) else ()
    return Lock({parse_image(name): _entry(name, value, text, file) for name, value in entries})


def _entry(name: str, value: Any, text: str, file: str) -> Locked:
    digest = value.get("digest") if isinstance(value, dict) else None
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        where = Where(file, tomldoc.locate(text, ("images", name, "digest")))
        raise ManifestError(
            Problem("is no digest", "'devenv lock --update' asks the registry", where, f"images.{name}")
        )
    return Locked(digest, str(value.get("source", "")), str(value.get("date", "")))


def write_lock(lock: Lock, *, local: bool = False) -> str:
    """One block an image, sorted, so that two people's changes merge. ``local``: the one that is not committed."""
    blocks = [
        f'\n[images.{json.dumps(str(image))}]\ndigest = "{entry.digest}"\n'
        f"source = {json.dumps(entry.source)}\ndate = {json.dumps(entry.date)}\n"
        for image, entry in sorted(lock.images.items())
    ]
    return (_LOCAL_HEAD if local else _HEAD) + "".join(blocks)


def is_own(text: str) -> bool:
    """Whether a lock that is not committed is as devenv wrote it, also with the committed one's heading, as once."""
    if not text.startswith((_LOCAL_HEAD, _HEAD)):
        return False
    try:
        lock = parse_lock(text)
    except ManifestError:
        return False
    return text in (write_lock(lock, local=True), write_lock(lock))


def missing(lock: Lock, needed: Iterable[ImageRef]) -> tuple[ImageRef, ...]:
    """Images that the manifest needs and the lock does not hold."""
    return tuple(image for image in sorted(needed) if image not in lock.images)


def unneeded(lock: Lock, needed: Iterable[ImageRef]) -> tuple[ImageRef, ...]:
    """Images that the lock holds and nothing needs any more."""
    return tuple(sorted(set(lock.images) - set(needed)))


def relocked(lock: Lock, needed: Iterable[ImageRef], found: Mapping[ImageRef, Locked]) -> Lock:
    """The lock with what was found; what nothing needs is dropped, what was not asked again stays."""
    kept = {image: lock.images[image] for image in needed if image in lock.images}
    return Lock(kept | dict(found))
