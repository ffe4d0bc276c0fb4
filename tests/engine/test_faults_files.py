"""Disks that are full or may not be written, files that are others', paths that are odd."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engine import clients
from tests.engine.conftest import Make
from tests.engine.project import Project
from tests.engine.running import REDIS, containers, devenv, environment, fill, read_only, running, small_disk, well

MANIFEST = f"[services.cache]\n{REDIS}\n[env]\nCACHE_URL = '{{{{ services.cache.url }}}}'\n"


@pytest.fixture
def cache(project: Make) -> Project:
    return project(MANIFEST)


def moved_to(project: Project, place: Path) -> Project:
    """The same project at a place of its own; what it started is still removed by its name."""
    shutil.copy(project.root / "devenv.toml", place / "devenv.toml")
    return Project(place, project.name)


def state(project: Project) -> dict[str, str]:
    """A state folder that lies beside the project."""
    return {"DEVENV_STATE": f"{project.root}-state"}


def test_a_checkout_on_a_full_disk(cache: Project, tmp_path: Path) -> None:
    with small_disk(tmp_path / "full") as place:
        made = moved_to(cache, place)
        fill(place)
        ended = devenv(made, "up", **state(cache))
        assert ended.code == 1
        assert f"error: {place}/devenv.lock cannot be written: No space left on device" in ended.err
        assert "make room there, then run it again" in ended.err
        assert sorted(path.name for path in place.iterdir()) == ["devenv.toml", "filling"]
        assert containers(cache) == []

        (place / "filling").unlink()
        well(devenv(made, "up", **state(cache)))
        fill(place)
        assert "nothing to do" in well(devenv(made, "up", **state(cache))).err


@pytest.mark.parametrize("words", ["up", "stop", "down", "reset -y cache", "render", "lock"])
def test_a_state_folder_on_a_full_disk(cache: Project, words: str, tmp_path: Path) -> None:
    with small_disk(tmp_path / "full") as place:
        fill(place)
        made = {str(path) for path in place.rglob("*")}
        ended = devenv(cache, *words.split(), DEVENV_STATE=str(place))
        if words == "lock":  # writes into the checkout only
            assert ended.code in (0, 1)
        elif ended.code:
            assert ended.code == 1
            assert f"{place}" in ended.err
            assert "No space left on device" in ended.err
        assert {str(path) for path in place.rglob("*.*")} <= made | {str(place / "lock")}
        assert containers(cache) == []


def test_a_state_folder_that_fills_while_things_run(cache: Project, tmp_path: Path) -> None:
    with small_disk(tmp_path / "full") as place:
        well(devenv(cache, "up", DEVENV_STATE=str(place)))
        fill(place)
        for words in ("up", "status", "env", "run -- true", "stop", "down"):
            well(devenv(cache, *words.split(), DEVENV_STATE=str(place)))
        ended = devenv(cache, "up", DEVENV_STATE=str(place))
        assert ended.code == 1
        assert "No space left on device" in ended.err


def test_a_read_only_checkout(cache: Project, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as place:
        made = moved_to(cache, place)
        read_only(place)
        first = devenv(made, "up", **state(cache))
        assert first.code == 1
        assert f"error: {place}/devenv.lock cannot be written: Read-only file system" in first.err
        assert "devenv writes there: it must not be read-only\nnothing was changed" in first.err
        assert devenv(made, "render", **state(cache)).code == 1
        for words in ("status", "check", "up --dry-run", "render --stdout", "doctor"):
            well(devenv(made, *words.split(), **state(cache)))
        assert containers(cache) == []

        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        well(devenv(made, "up", **state(cache)))
        read_only(place)
        for words in ("up", "status --exit-code", "env", "run -- true", "stop", "up", "down", "up"):
            well(devenv(made, *words.split(), **state(cache)))


def test_a_manifest_of_ten_megabytes(cache: Project) -> None:
    with (cache.root / "devenv.toml").open("a") as out:
        out.write("# so that it is long\n" * 500_000)
    for words in ("check", "up", "status", "env"):
        ended = devenv(cache, words)
        assert ended.code == 2
        assert "devenv.toml: is too large\n  10 MiB; devenv reads at most 4 MiB\n" in ended.err


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        (".devenv", ".devenv"),
        (".devenv/.env", ".devenv/.env"),
        (".devenv/.gitignore", ".devenv/.gitignore"),
        (".devenv/compose.yaml", ".devenv/compose.yaml"),
        ("devenv.lock", "devenv.lock"),
    ],
)
def test_symbolic_links_where_devenv_writes(cache: Project, link: str, shown: str, tmp_path: Path) -> None:
    """Nothing is written through them, wherever they lead."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = elsewhere if link == ".devenv" else elsewhere / "file"
    (cache.root / link).parent.mkdir(exist_ok=True)
    (cache.root / link).symlink_to(target)
    ended = devenv(cache, "up")
    assert ended.code == 6
    assert f"error: {shown} is a symbolic link to {target}\n  remove the link; devenv writes there" in ended.err
    assert list(elsewhere.iterdir()) == []
    assert containers(cache) == []


def test_a_file_where_devenv_needs_a_folder(cache: Project) -> None:
    cache.file(".devenv", "mine")
    ended = devenv(cache, "up")
    assert ended.code == 1
    assert "a file stands where devenv needs a folder: move it away" in ended.err
    assert (cache.root / ".devenv").read_text() == "mine"


def test_a_generated_file_that_somebody_edited(cache: Project) -> None:
    """Never overwritten unless that is asked for, by any command; and said by those that compare."""
    well(devenv(cache, "up"))
    compose = cache.root / ".devenv" / "compose.yaml"
    generated = compose.read_text()
    edited = generated.replace("services:\n", "services:\n  # mine\n", 1)
    compose.write_text(edited)
    for words in ("up", "render"):
        ended = devenv(cache, words)
        assert ended.code == 6
        assert ".devenv/compose.yaml: was edited by hand" in ended.err
        assert ".devenv/compose.override.yaml, or overwrite it with --force" in ended.err
        assert compose.read_text() == edited
    status = devenv(cache, "status", "--exit-code")
    assert (status.code, status.err) == (3, "'devenv up' refuses that, and says what helps\n")
    assert "≠ .devenv/compose.yaml was edited by hand" in status.out
    checked = devenv(cache, "render", "--check")
    assert (checked.code, ".devenv/compose.yaml was edited by hand" in checked.err) == (3, True)
    well(devenv(cache, "up", "--force"))
    assert compose.read_text() == generated
    compose.write_text("services: {}\n")
    assert ".devenv/compose.yaml: was not made by devenv" in devenv(cache, "render").err
    well(devenv(cache, "render", "--force"))
    assert compose.read_text() == generated


@pytest.mark.parametrize("name", ["mit Leer zeichen und Ümläuten ✓", 'it\'s "quoted" $HOME ${X} #1', "日本　語"])
def test_odd_paths(cache: Project, name: str, tmp_path: Path) -> None:
    place = tmp_path / name
    place.mkdir()
    made = moved_to(cache, place)
    odd = {"DEVENV_STATE": f"{place}/its state"}
    well(devenv(made, "up", **odd))
    url = well(devenv(made, "url", "cache", **odd)).out.strip()
    clients.redis_write(url)
    assert "nothing to do" in well(devenv(made, "up", **odd)).err
    assert "ready" in devenv(made, "status", "--exit-code", **odd).out
    by_hand = ["docker", "compose", "--file", ".devenv/compose.yaml", "ps", "--services"]
    env = environment(made)
    assert subprocess.check_output(by_hand, cwd=place, env=env, text=True).split() == ["cache"]
    (place / "below").mkdir()
    ran = well(devenv(made, "run", "--", "sh", "-c", 'pwd; echo "$CACHE_URL"', cwd=place / "below", **odd))
    assert ran.out.splitlines() == [str(place / "below"), url]
    well(devenv(made, "down", **odd))
    assert running(cache) == set()


def test_a_path_that_compose_cannot_work_in(cache: Project, tmp_path: Path) -> None:
    place = tmp_path / "100%"
    place.mkdir()
    ended = devenv(moved_to(cache, place), "up")
    assert ended.code == 1
    assert "Compose cannot work in a folder with % in its name\n  give the folder another name" in ended.err


@pytest.mark.parametrize("name", [b"latin-\xe9", b"two\nlines"])
def test_paths_that_no_file_can_hold(cache: Project, name: bytes, tmp_path: Path) -> None:
    place = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    with contextlib.suppress(OSError):
        place.mkdir()
    shutil.copy(cache.root / "devenv.toml", place / "devenv.toml")
    for words in ("up", "status", "check", "env"):
        ended = devenv(cache, words, cwd=place)
        assert ended.code == 2
        assert "no file can hold this folder's name\n  rename it: line breaks, or no UTF-8" in ended.err
