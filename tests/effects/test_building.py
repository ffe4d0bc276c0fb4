"""An image that cannot be built: what is shown of it, what is kept, and what is done all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.effects.fetching import NoImage
from devenv.model.plan import Action
from tests.effects.scripted_docker import bring, scripted

#: What the classic builder prints, as `docker compose build` passes it on.
CLASSIC = """\
Step 1/3 : FROM postgres:15.20-bookworm
 ---> 6365a3695355
Step 2/3 : USER root
 ---> Running in 11aabbccddee
 ---> Removed intermediate container 11aabbccddee
 ---> 22aabbccddee
Step 3/3 : RUN apt-get update && apt-get install --yes nosuch
 ---> Running in 33aabbccddee
Reading package lists...
Building dependency tree...
Reading state information...
\x1b[91mE: Unable to locate package nosuch
\x1b[0m"""
CODE = "The command '/bin/sh -c apt-get install' returned a non-zero code: 100"
#: A docker that cannot build the image of db, and writes down what it is asked for.
DOCKER = """\
  *" build db") cat "$(dirname "$0")/transcript"; exit 1 ;;
"""


#: The image of db is built; cache needs none.
STEPS = ((Action.BUILD, "db"), (Action.CREATE, "db"), (Action.CREATE, "cache"))


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: None) -> Path:
    """Where the words of every call of docker are written."""
    return scripted(tmp_path, monkeypatch, DOCKER, transcript=f"{CLASSIC}{CODE}\n")


def test_the_failing_line_and_the_log_are_named(tmp_path: Path, calls: Path) -> None:
    with pytest.raises(NoImage) as failed:
        bring(tmp_path, STEPS)
    (problem,) = failed.value.problems
    (log,) = (tmp_path / "state").rglob("build-db.log")
    assert (problem.key, problem.message) == ("services.db", "building db failed")
    assert "E: Unable to locate package nosuch" in problem.hint
    assert CODE in problem.hint
    assert "The image's distribution has no package nosuch: set another variant" in problem.hint
    assert "\x1b" not in problem.hint + log.read_text()
    assert problem.hint.endswith(f"Full log: {log}")
    assert log.read_text().startswith("Step 1/3")
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        (
            'Get "https://hub.invalid/v2/": dial tcp: lookup hub.invalid: no such host',
            "building db: the registry cannot be reached",
            7,
        ),
        (
            "failed to solve: postgres:15.20: failed to resolve source metadata for hub.invalid/postgres:15.20: failed to "
            'do request: Head "https://hub.invalid/v2/postgres/manifests/15.20": dial tcp: lookup hub.invalid: i/o timeout',
            "building db: the registry cannot be reached",
            7,
        ),
        ("pull access denied, unauthorized: authentication required", "building db: the registry wants credentials", 7),
        ("go: proxy.invalid/x: dial tcp: lookup proxy.invalid: no such host", "building db failed", 1),
    ],
)
def test_a_base_image_whose_registry_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: None, words: str, message: str, code: int
) -> None:
    case = '  *" build db") cat "$(dirname "$0")/transcript" >&2; exit 1 ;;\n'
    scripted(tmp_path, monkeypatch, case, transcript=f"{words}\n")
    with pytest.raises(NoImage) as failed:
        bring(tmp_path, STEPS)
    (problem,) = failed.value.problems
    assert (problem.message, failed.value.exit_code) == (message, code)
    assert words in problem.hint
    assert ("DEVENV_REGISTRY_MIRROR=host" in problem.hint) == ("cannot be reached" in message)


def test_the_other_services_are_started(tmp_path: Path, calls: Path) -> None:
    with pytest.raises(NoImage) as failed:
        bring(tmp_path, STEPS)
    assert failed.value.services == {"db"}
    (started,) = [line for line in calls.read_text().splitlines() if " up " in line]
    assert started.endswith(" cache")
    assert "db" not in started.split()


def test_the_builders_dead_container_is_removed(tmp_path: Path, calls: Path) -> None:
    with pytest.raises(NoImage):
        bring(tmp_path, STEPS)
    removals = [line for line in calls.read_text().splitlines() if line.startswith("container rm")]
    assert removals == ["container rm --force --volumes 33aabbccddee"]
