"""Images that cannot be pulled: the other services are started, and the exit code says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.effects.fetching import NoImage
from devenv.errors import Unreachable
from devenv.model.plan import Action
from tests.effects.scripted_docker import bring, scripted, started

PULL = [(Action.PULL, "db"), (Action.PULL, "cache")]
CREATE = [(Action.CREATE, "db"), (Action.CREATE, "cache")]
GONE = "Error response from daemon: manifest for postgres:15 not found: manifest unknown: manifest unknown"
#: As engines 20.10 and 29 report it, and a containerd store.
UNREACHABLE = (
    'Error response from daemon: Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    'Error response from daemon: Get "https://hub.invalid/v2/": dial tcp: lookup hub.invalid: no such host',
    'failed to do request: Head "https://hub.invalid/v2/x/manifests/1": net/http: TLS handshake timeout',
)


def fails(images: str, words: str) -> str:
    return f"  *'image pull '*{images}) echo '{words}' >&2; exit 1 ;;\n"


def test_the_other_services_are_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: None) -> None:
    calls = scripted(tmp_path, monkeypatch, fails("db", GONE))
    with pytest.raises(NoImage) as failed:
        bring(tmp_path, PULL + CREATE)
    (problem,) = failed.value.problems
    assert problem.key == "services.db"
    assert problem.message == "pulling db: the registry no longer has that image"
    assert problem.hint == f"'devenv lock --update' asks what it has now\n  docker: {GONE}"
    assert failed.value.services == {"db"}
    assert failed.value.exit_code == 1
    assert failed.value.changed == "done before that: pull cache, create cache; 'devenv up' goes on from there"
    assert started(calls) == {"cache"}


def test_a_service_of_the_same_image_is_not_started_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: None
) -> None:
    calls = scripted(tmp_path, monkeypatch, fails("db", GONE))
    with pytest.raises(NoImage) as failed:
        bring(tmp_path, [*PULL, *CREATE, (Action.CREATE, "reports")], {"reports": "db"})
    assert failed.value.services == {"db", "reports"}
    assert started(calls) == {"cache"}


def test_a_failed_pull_and_a_failed_build_are_both_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: None
) -> None:
    calls = scripted(tmp_path, monkeypatch, fails("db", GONE) + "  *' build search') exit 1 ;;\n")
    with pytest.raises(NoImage) as failed:
        bring(tmp_path, [*PULL, (Action.BUILD, "search"), *CREATE, (Action.CREATE, "search")])
    assert [problem.key for problem in failed.value.problems] == ["services.db", "services.search"]
    assert started(calls) == {"cache"}


@pytest.mark.parametrize("words", UNREACHABLE)
def test_a_registry_that_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: None, words: str
) -> None:
    calls = scripted(tmp_path, monkeypatch, fails("db", words))
    with pytest.raises(NoImage) as failed:
        bring(tmp_path, PULL + CREATE)
    assert failed.value.problems[0].message == "pulling db: the registry cannot be reached"
    assert failed.value.exit_code == 7
    assert started(calls) == {"cache"}


def test_an_engine_that_goes_away_ends_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: None
) -> None:
    calls = scripted(tmp_path, monkeypatch, fails("db", "Cannot connect to the Docker daemon at unix:///x"))
    with pytest.raises(Unreachable):
        bring(tmp_path, PULL + CREATE)
    assert started(calls) == set()
