"""What acts only on new data: a change of it is refused on data that was made otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.data.anew import set_aside
from devenv.errors import Refused
from devenv.model.machine import Machine
from devenv.model.observed import Engine, ExistingVolume, Observed
from devenv.model.resolved import ResolvedService
from devenv.stages.frozen import frozen, frozen_problems, guard_frozen
from tests.making import resolved

MACHINE = Machine("shop", "/shop")


def service(kind: str, version: str, more: str = "") -> ResolvedService:
    return resolved(f'[services.db]\nkind = "{kind}"\nversion = "{version}"\n{more}').services["db"]


def seen(wanted: ResolvedService, entry: dict[str, Any] | None, *, there: bool = True) -> Observed:
    name = MACHINE.volume(wanted.volumes[0])
    volume = ExistingVolume(name, "shop", "db", wanted.kind.name, wanted.volumes[0].format)
    served = {} if entry is None else {name: {"entry": entry, "digest": ""}}
    return Observed(Engine("27", "linux/amd64"), volumes=(volume,) if there else (), served=served)


@pytest.mark.parametrize(
    ("wanted", "entry", "changed"),
    [
        ("lower_case_table_names = 1", {}, {"lower_case_table_names": ("0", "1")}),
        ("lower-case-table-names = 1", {"settings": {"lower_case_table_names": 1}}, {}),
        ("lower_case_table_names = 0", {}, {}),
        ("lower_case_table_names = '0'", {"settings": {"lower_case_table_names": 0}}, {}),
        ("max_connections = 9", {"settings": {"lower_case_table_names": 1}}, {"lower_case_table_names": ("1", "0")}),
        ("max_connections = 9", {"settings": {"max_connections": 8}}, {}),
    ],
)
def test_settings(wanted: str, entry: dict[str, Any], changed: dict[str, tuple[str, str]]) -> None:
    for kind, version in (("mysql", "9.7"), ("mariadb", "11.8")):
        own = service(kind, version, f"settings = {{ {wanted} }}\n")
        assert frozen(own, seen(own, entry), MACHINE) == changed


def test_options() -> None:
    own = service("postgres", "17", 'initdb_args = "--locale=C"\n')
    assert frozen(own, seen(own, {}), MACHINE) == {"initdb_args": ("", "--locale=C")}
    assert frozen(own, seen(own, {"initdb_args": "--locale=C"}), MACHINE) == {}


def test_what_is_not_there_or_not_remembered_is_not_refused() -> None:
    own = service("mariadb", "11.8", "settings = { lower_case_table_names = 1 }\n")
    assert frozen(own, seen(own, None), MACHINE) == {}
    assert frozen(own, seen(own, {}, there=False), MACHINE) == {}


def test_the_refusal_says_what_helps() -> None:
    own = service("mariadb", "11.8", "settings = { lower_case_table_names = 1 }\n")
    observed = seen(own, {})
    guard_frozen([own], observed, MACHINE, {"db"})
    with pytest.raises(Refused) as caught:
        guard_frozen([own], observed, MACHINE)
    (problem,) = caught.value.problems
    assert problem.message == (
        "db: there is data here already, and this acts only on new data: "
        "lower_case_table_names is 0 there, and 1 is wanted"
    )
    assert problem.hint == (
        "set lower_case_table_names back to 0\n  devenv up --fresh db   start 11.8 empty; the old data is kept"
    )


@pytest.mark.parametrize(
    ("kind", "version", "wanted", "entry", "back"),
    [
        (
            "mariadb",
            "11.8",
            "settings = { lower_case_table_names = 1 }\n",
            {},
            "settings = { lower_case_table_names = 0 }\n",
        ),
        (
            "mysql",
            "9.7",
            "",
            {"settings": {"lower_case_table_names": 1}},
            "settings = { lower_case_table_names = 1 }\n",
        ),
        ("postgres", "17", 'initdb_args = "--locale=C"\n', {}, ""),
        ("postgres", "17", "", {"initdb_args": "-k"}, 'initdb_args = "-k"\n'),
    ],
)
def test_what_the_refusal_says_works(kind: str, version: str, wanted: str, entry: dict[str, Any], back: str) -> None:
    own = service(kind, version, wanted)
    observed = seen(own, entry)
    (problem,) = frozen_problems([own], observed, MACHINE).values()
    ((name, (before, _)),) = frozen(own, observed, MACHINE).items()
    put_back, fresh = problem.hint.splitlines()
    assert put_back == f"set {name} back to {before or 'nothing'}"
    assert before in back
    guard_frozen([service(kind, version, back)], observed, MACHINE)

    assert "devenv up --fresh db " in fresh
    guard_frozen([own], observed, MACHINE, {"db"})
    guard_frozen([own], observed, set_aside({"db": own}, observed, MACHINE, ["db"]))
