"""Every kind with every version there is: up, used by a real client, changed, taken down, up again.

One project with all versions of a kind serves all tests of that kind, in the order in which they stand here. What was
found is compared as a whole, by version, so that a failure says which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.engine import clients
from tests.engine.clients import VALUE
from tests.engine.conftest import Standin, projects
from tests.engine.dialects import DIALECTS, PASSWORD, elsewhere
from tests.engine.project import Project
from tests.output import checked


@dataclass
class Family:
    """A project with one service for each version of a kind, and what ``up`` said of it first."""

    project: Project
    standins: tuple[Standin, ...]
    said: Any

    def write(self, options: str) -> None:
        """A manifest in which all services have these options."""
        tables = []
        for item in self.standins:
            variant = f'variant = "{item.variant}"\n' if item.variant else ""
            head = f'[services.{item.service}]\nkind = "{item.kind}"\nversion = "{item.version}"\n'
            tables.append(head + variant + options)
        urls = [f'{item.variable} = "{{{{ services.{item.service}.url }}}}"' for item in self.standins]
        self.project.write("\n\n".join([*tables, "[env]", *urls]))
        own = [f"  {item.service}: {DIALECTS[item.kind].own}\n" for item in self.standins if DIALECTS[item.kind].own]
        if own:
            self.project.file(".devenv/compose.override.yaml", "services:\n" + "".join(own))

    def urls(self) -> dict[str, str]:
        """Version -> URL."""
        words = ("env", "--format", "json")
        env = checked(words, self.project.answer(*words))["env"]
        return {item.version: env[item.variable] for item in self.standins}

    def each(self, ask: Callable[[str], Any]) -> dict[str, Any]:
        """Version -> what a question to its URL gives."""
        return {version: ask(url) for version, url in self.urls().items()}

    def all(self, value: Any) -> dict[str, Any]:
        return {item.version: value for item in self.standins}

    def services(self, plan: list[dict[str, str]]) -> dict[str, str]:
        """Version -> what a plan does to it."""
        steps = {step["subject"]: step["action"] for step in plan}
        return {item.version: steps[item.service] for item in self.standins}


@pytest.fixture(scope="module")
def family(kind: str, standins: tuple[Standin, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    """All versions of a kind, started on empty volumes."""
    with projects(tmp_path_factory) as make:
        it = Family(make(""), tuple(item for item in standins if item.kind == kind), None)
        assert it.standins, f"no image of {kind}"
        it.write(DIALECTS[kind].first)
        it.said = it.project.up()
        yield it


pytestmark = pytest.mark.parametrize("kind", sorted(DIALECTS), scope="module")


def test_the_first_connection_writes_and_the_next_reads(family: Family, kind: str) -> None:
    family.each(DIALECTS[kind].write)
    assert family.each(DIALECTS[kind].read) == family.all(VALUE)


def test_each_is_the_version_asked_for_and_up_says_so(family: Family, kind: str) -> None:
    versions = {item.version: item.version for item in family.standins}
    assert {service["wanted"]: service["version"] for service in family.said["services"]} == versions
    assert family.each(DIALECTS[kind].version) == versions


def test_a_second_up_keeps_everything(family: Family) -> None:
    assert {step["action"] for step in family.project.up()["plan"]} == {"keep"}


def test_its_health_check_agrees(family: Family, kind: str) -> None:
    """It is asked every 30 seconds only, so it is run here by hand. The plain NATS image has nothing to ask with."""
    found = {item.version: family.project.own_health(item.service) for item in family.standins}
    assert found == family.all(None if kind == "nats" else 0)


def test_a_setting_that_the_running_server_refuses_stops_no_container(family: Family, kind: str) -> None:
    project, dialect = family.project, DIALECTS[kind]
    if not dialect.refused:
        return
    family.write(dialect.refused)
    problems = project.json("up", code=2)["error"]["problems"]
    keys = [
        (problem["key"].partition(".settings.")[0], problem["message"].partition(" refuses ")[2])
        for problem in problems
    ]
    assert keys == [(f"services.{item.service}", "this value") for item in family.standins]
    family.write(dialect.first)
    assert {step["action"] for step in project.up()["plan"]} == {"keep"}


def test_changes_act_on_data_that_is_there(family: Family, kind: str) -> None:
    project, dialect, before = family.project, DIALECTS[kind], family.urls()
    family.write(dialect.changed)
    for url in before.values():
        dialect.spoil(url)
    plan = project.plan()
    assert {item.version: dialect.named in plan[item.service] for item in family.standins} == family.all(True)
    said = project.up()
    assert family.services(said["plan"]) == family.all("recreate")
    ignored = {service["wanted"]: tuple(service["ignored_settings"]) for service in said["services"]}
    assert ignored == family.all(dialect.ignored)
    assert family.each(dialect.setting) == family.all(dialect.wanted)
    assert family.each(dialect.read) == family.all(VALUE if dialect.keeps else None)
    if dialect.password:
        assert {version: refused(dialect.read, url) for version, url in before.items()} == family.all(True)
    assert {step["action"] for step in project.up()["plan"]} == {"keep"}


def refused(ask: Callable[[str], Any], url: str) -> bool:
    """Whether a server does not answer a question; each library has errors of its own for that."""
    try:
        ask(url)
    except Exception:
        return True
    return False


def test_a_further_database_is_there(family: Family, kind: str) -> None:
    dialect = DIALECTS[kind]
    if dialect.second:
        family.each(lambda url: dialect.version(elsewhere(url, dialect.second)))


def test_a_further_user_can_log_in(family: Family, kind: str) -> None:
    dialect = DIALECTS[kind]
    if dialect.user:
        family.each(lambda url: dialect.version(Project.as_user(url, dialect.user, PASSWORD)))


def test_its_own_client_is_connected(family: Family, kind: str) -> None:
    if kind in CLIENTS:
        *words, expected = CLIENTS[kind]
        said = {item.version: family.project.run("client", item.service, "--", *words) for item in family.standins}
        assert {version: expected in text for version, text in said.items()} == family.all(True)


def test_data_survives_down_and_up(family: Family, kind: str) -> None:
    project, dialect = family.project, DIALECTS[kind]
    project.run("down")
    assert {item.version: project.container(item.service) for item in family.standins} == family.all("")
    project.up()
    assert family.each(dialect.read) == family.all(VALUE if dialect.keeps else None)


def test_the_management_page_of_rabbitmq_shows_statistics(family: Family, kind: str) -> None:
    """The image of a plain variant switches off what collects them."""
    if kind == "rabbitmq":
        found = {
            item.version: clients.rabbitmq_has_statistics(
                family.project.url(item.service, "management_url"), family.project.url(item.service)
            )
            for item in family.standins
        }
        assert found == family.all(True)


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
