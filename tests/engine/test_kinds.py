"""Every kind with every version there is: up, used by a real client, changed, taken down, up again.

One project serves all tests of one image, in the order in which they stand here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.engine.clients import VALUE
from tests.engine.conftest import Standin, projects
from tests.engine.dialects import DIALECTS, PASSWORD, Dialect, elsewhere
from tests.engine.project import Project


@dataclass
class Running:
    """A project with one service, ``it``, and what ``up`` said of it first."""

    project: Project
    standin: Standin
    dialect: Dialect
    said: Any

    def manifest(self, options: str) -> str:
        image = self.standin
        variant = f'variant = "{image.variant}"\n' if image.variant else ""
        return f'[services.it]\nkind = "{image.kind}"\nversion = "{image.version}"\n{variant}{options}\n'


@pytest.fixture(scope="module")
def running(standin: Standin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The image's service, started on empty volumes."""
    with projects(tmp_path_factory) as make:
        it = Running(make(""), standin, DIALECTS[standin.kind], None)
        it.project.write(it.manifest(it.dialect.first))
        it.said = it.project.up()
        yield it


def test_the_first_connection_writes_and_the_next_reads(running: Running) -> None:
    url = running.project.url("it")
    running.dialect.write(url)
    assert running.dialect.read(url) == VALUE


def test_it_is_the_version_asked_for_and_says_so(running: Running) -> None:
    assert [service["version"] for service in running.said["services"]] == [running.standin.version]
    assert running.dialect.version(running.project.url("it")) == running.standin.version


def test_a_second_up_keeps_everything(running: Running) -> None:
    assert {step["action"] for step in running.project.up()["plan"]} == {"keep"}


def test_its_health_check_agrees(running: Running) -> None:
    """It is asked every 30 seconds only, so it is run here by hand."""
    assert running.project.own_health("it") in (0, None)


def test_changes_act_on_data_that_is_there(running: Running) -> None:
    project, dialect = running.project, running.dialect
    before = project.url("it")
    project.write(running.manifest(dialect.changed))
    assert dialect.named in project.plan()["it"]
    done = {step["subject"]: step["action"] for step in project.up()["plan"]}
    after = project.url("it")
    assert done["it"] == "recreate"
    assert dialect.setting(after) == dialect.wanted
    assert dialect.read(after) == (VALUE if dialect.keeps else None)
    if dialect.second:
        dialect.version(elsewhere(after, dialect.second))
    if dialect.password:
        with pytest.raises(Exception):  # noqa: B017 - each library has its own
            dialect.read(before)
    assert {step["action"] for step in project.up()["plan"]} == {"keep"}


def test_further_users_can_log_in(running: Running) -> None:
    """The names hold a quote where the server allows one."""
    project, kind = running.project, running.standin.kind
    if "users" not in running.dialect.changed:
        return
    user = "reader" if kind in ("rabbitmq", "nats", "mosquitto") else "re'ader"
    running.dialect.version(project.as_user("it", user, PASSWORD))


def test_its_own_client_is_connected(running: Running) -> None:
    words = CLIENTS.get(running.standin.kind)
    if words:
        assert words[-1] in running.project.run("client", "it", "--", *words[:-1])


def test_data_survives_down_and_up(running: Running) -> None:
    project, dialect = running.project, running.dialect
    project.run("down")
    assert project.container("it") == ""
    project.up()
    assert dialect.read(project.url("it")) == (VALUE if dialect.keeps else None)


#: What to give a kind's client, and a word of its answer.
CLIENTS = {
    "postgres": ("-Atc", "SELECT body FROM notes", VALUE),
    "mysql": ("-Ne", "SELECT body FROM notes", VALUE),
    "mariadb": ("-Ne", "SELECT body FROM notes", VALUE),
    "redis": ("GET", "kept", VALUE),
    "valkey": ("GET", "kept", VALUE),
    "rabbitmq": ("-q", "list_queues", "kept"),
    "mosquitto": ("sub", "-t", "kept", "-C", "1", "-W", "5", VALUE),
}
