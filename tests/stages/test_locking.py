"""devenv.lock: read, written, compared."""

from __future__ import annotations

import pytest

from devenv.errors import ManifestError
from devenv.model.lock import Lock, Locked
from devenv.stages.locking import missing, parse_lock, relocked, unneeded, write_lock
from tests.making import DIGEST, image

PG, REDIS = image("postgres:15.4"), image("redis:7.0.15")
ENTRY = Locked(DIGEST, "docker.io", "2026-11-23")
TEXT = f"""\
# Written by `devenv lock`; commit it. The exact image behind every name in devenv.toml, the same for everybody.
version = 1

[images."docker.io/library/postgres:15.4"]
digest = "{DIGEST}"
source = "docker.io"
date = "2026-11-23"

[images."docker.io/library/redis:7.0.15"]
digest = "{DIGEST}"
source = "docker.io"
date = "2026-11-23"
"""


def test_one_block_an_image_sorted() -> None:
    assert write_lock(Lock({REDIS: ENTRY, PG: ENTRY})) == TEXT


def test_what_was_written_is_read() -> None:
    assert parse_lock(TEXT) == Lock({PG: ENTRY, REDIS: ENTRY})


def test_no_lock_is_an_empty_one() -> None:
    assert parse_lock("") == Lock()


def test_a_damaged_digest_is_told_with_its_line() -> None:
    with pytest.raises(ManifestError, match=r"devenv\.lock:5: images\..*: is no digest"):
        parse_lock(TEXT.replace(DIGEST, "sha256:12", 1))


def test_marks_of_a_merge_are_told_with_their_line() -> None:
    with pytest.raises(ManifestError, match=r"devenv\.lock:3: not valid TOML"):
        parse_lock(TEXT.replace("\n\n", "\n<<<<<<< HEAD\n", 1))


def test_a_lock_of_a_newer_devenv_is_not_guessed_at() -> None:
    with pytest.raises(ManifestError, match="newer devenv"):
        parse_lock(TEXT.replace("version = 1", "version = 2"))


def test_what_it_lacks_and_what_nothing_needs() -> None:
    assert missing(Lock({PG: ENTRY}), [REDIS, PG]) == (REDIS,)
    assert unneeded(Lock({PG: ENTRY, REDIS: ENTRY}), [PG]) == (REDIS,)


def test_relocking_keeps_what_was_not_asked_again_and_drops_what_nothing_needs() -> None:
    new = Locked(DIGEST[:-1] + "2", "docker.io", "2026-12-01")
    assert relocked(Lock({PG: ENTRY, REDIS: ENTRY}), [PG], {}) == Lock({PG: ENTRY})
    assert relocked(Lock({PG: ENTRY}), [PG, REDIS], {REDIS: new}) == Lock({PG: ENTRY, REDIS: new})
