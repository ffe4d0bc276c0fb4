"""Ports and names: kept, wanted, free, in that order."""

from __future__ import annotations

import pytest

from devenv.model.machine import Machine
from devenv.model.observed import Container, Engine, Observed
from devenv.stages.place import displaced, kept_name, own_name, place, project_name
from tests.making import resolved

TWO = '[services.db]\nkind = "postgres"\nversion = "15.4"\n[services.other]\nkind = "postgres"\nversion = "15.4"\n'
ONE = '[services.db]\nkind = "postgres"\nversion = "15.4"\n'
ENGINE = Engine("27.0.1", "linux/amd64")


def machine_of(
    text: str, observed: Observed | None = None, chosen: tuple[str, ...] = ("db", "other"), **kept: str
) -> tuple[Machine, list[str]]:
    machine, moved = place(
        resolved(text),
        observed or Observed(ENGINE),
        project="shop",
        root="/shop",
        kept=kept,
        chosen=chosen,
        registries={},
        generations={},
    )
    return machine, [f"{item.service} {item.wanted}→{item.got} {item.owner}" for item in moved]


def placed(text: str, observed: Observed | None = None, **kept: str) -> tuple[dict[str, int], list[str]]:
    machine, moved = machine_of(text, observed, **kept)
    return dict(machine.ports), moved


def test_the_standard_port_if_it_is_free() -> None:
    assert placed(ONE) == ({"DEVENV_DB_PORT": 5432}, [])


def test_the_kept_port_before_the_standard_one() -> None:
    assert placed(ONE, DEVENV_DB_PORT="20123") == ({"DEVENV_DB_PORT": 20123}, [])


def test_a_kept_port_that_is_no_port_is_passed_over() -> None:
    assert placed(ONE, DEVENV_DB_PORT="many") == ({"DEVENV_DB_PORT": 5432}, [])


AT_6000 = f"{ONE}port = 6000\n"


@pytest.mark.parametrize(
    ("kept", "got"),
    [
        ({"DEVENV_DB_PORT": "20123", "DEVENV_DB_PORT_WANTED": "6000"}, 20123),  # nothing else is wanted than then
        ({"DEVENV_DB_PORT": "5432", "DEVENV_DB_PORT_WANTED": "5432"}, 6000),
        ({"DEVENV_DB_PORT": "20123", "DEVENV_DB_PORT_WANTED": "5432"}, 6000),
        ({"DEVENV_DB_PORT": "7000", "DEVENV_DB_PORT_WANTED": "7000"}, 6000),
        ({"DEVENV_DB_PORT": "5432"}, 6000),  # of a devenv that remembered nothing: nobody finds the standard port
        ({"DEVENV_DB_PORT": "6000"}, 6000),
        ({"DEVENV_DB_PORT": "20123"}, 20123),
        ({"DEVENV_DB_PORT_WANTED": "5432"}, 6000),
    ],
)
def test_a_kept_port_counts_while_the_same_one_is_wanted(kept: dict[str, str], got: int) -> None:
    machine, moved = machine_of(AT_6000, **kept)
    assert (machine.ports, machine.wanted) == ({"DEVENV_DB_PORT": got}, {"DEVENV_DB_PORT": "6000"})
    assert moved == []


def test_back_to_the_standard_port_when_none_is_asked_for_any_more() -> None:
    assert placed(ONE, DEVENV_DB_PORT="6000", DEVENV_DB_PORT_WANTED="6000") == ({"DEVENV_DB_PORT": 5432}, [])


def test_the_standard_port_that_devenv_toml_names_is_another_wish_than_none() -> None:
    taken = Observed(ENGINE, taken={5432: "container blog-db-1"})
    machine, _ = machine_of(ONE, taken)
    got, wish = machine.ports["DEVENV_DB_PORT"], machine.wanted["DEVENV_DB_PORT"]
    kept = {"DEVENV_DB_PORT": str(got), "DEVENV_DB_PORT_WANTED": wish}
    assert placed(ONE, **kept) == ({"DEVENV_DB_PORT": got}, []), "a port is kept until another is asked for"
    machine, moved = machine_of(f"{ONE}port = 5432\n", **kept)
    assert (machine.ports, machine.wanted) == ({"DEVENV_DB_PORT": 5432}, {"DEVENV_DB_PORT": "5432"})
    assert moved == []


def test_a_newly_wanted_port_that_is_taken_is_named_and_what_is_found_instead_is_kept() -> None:
    observed = Observed(ENGINE, taken={6000: "container blog-db-1"})
    machine, moved = machine_of(AT_6000, observed, DEVENV_DB_PORT="5432", DEVENV_DB_PORT_WANTED="5432")
    got = machine.ports["DEVENV_DB_PORT"]
    assert moved == [f"db 6000→{got} container blog-db-1"]
    assert machine.wanted == {"DEVENV_DB_PORT": "6000"}
    assert placed(AT_6000, DEVENV_DB_PORT=str(got), DEVENV_DB_PORT_WANTED="6000") == ({"DEVENV_DB_PORT": got}, [])


@pytest.mark.parametrize(
    ("text", "kept", "expected"),
    [
        (
            AT_6000,
            {"DEVENV_DB_PORT": "20123", "DEVENV_DB_PORT_WANTED": "6000"},
            ["db keeps port 20123 on this machine: port 6000 of devenv.toml was taken"],
        ),
        (AT_6000, {"DEVENV_DB_PORT": "6000", "DEVENV_DB_PORT_WANTED": "6000"}, []),
        (AT_6000, {"DEVENV_DB_PORT": "20123", "DEVENV_DB_PORT_WANTED": "5432"}, []),  # 'up' tries 6000 next
        (AT_6000, {}, []),
        (ONE, {"DEVENV_DB_PORT": "20123", "DEVENV_DB_PORT_WANTED": "standard"}, []),  # devenv.toml names none
    ],
)
def test_another_port_than_devenv_toml_names_is_told(text: str, kept: dict[str, str], expected: list[str]) -> None:
    assert displaced(resolved(text), kept, ["db"]) == expected


def test_a_service_that_is_not_made_anew_keeps_its_port_until_it_is() -> None:
    kept = {"DEVENV_DB_PORT": "5432", "DEVENV_DB_PORT_WANTED": "5432"}
    machine, _ = machine_of(AT_6000, chosen=("other",), **kept)
    assert (machine.ports, machine.wanted) == ({"DEVENV_DB_PORT": 5432}, {"DEVENV_DB_PORT": "5432"})


def test_nobody_takes_a_port_that_another_service_keeps() -> None:
    text = TWO.replace('15.4"\n[', '15.4"\nport = 6000\n[')
    kept = {"DEVENV_OTHER_PORT": "6000", "DEVENV_OTHER_PORT_WANTED": "5432"}
    ports, moved = placed(text, **kept)
    assert ports["DEVENV_OTHER_PORT"] == 6000
    assert moved == [f"db 6000→{ports['DEVENV_DB_PORT']} another service of this project"]


def test_a_taken_port_is_named_with_its_owner_and_another_is_found() -> None:
    observed = Observed(ENGINE, taken={5432: "container blog-db-1"})
    ports, moved = placed(ONE, observed)
    assert 20000 <= ports["DEVENV_DB_PORT"] < 32000
    assert moved == [f"db 5432→{ports['DEVENV_DB_PORT']} container blog-db-1"]
    assert placed(ONE, observed)[0] == ports  # the same one each time


@pytest.mark.parametrize("state", ["running", "paused"])
def test_our_own_container_does_not_take_its_port_from_itself(state: str) -> None:
    own = Container("i", "shop-db-1", "shop", "db", state, ports={5432: ("127.0.0.1", 5432)})
    assert placed(ONE, Observed(ENGINE, containers=(own,), taken={5432: "container shop-db-1"})) == (
        {"DEVENV_DB_PORT": 5432},
        [],
    )


def test_two_services_never_get_the_same_port() -> None:
    ports, moved = placed(TWO)
    assert len(set(ports.values())) == 2
    assert moved[0].endswith("another service of this project")


def test_a_candidate_that_is_taken_is_passed_over() -> None:
    first = placed(ONE, Observed(ENGINE, taken={5432: "x"}))[0]["DEVENV_DB_PORT"]
    second = placed(ONE, Observed(ENGINE, taken={5432: "x", first: "y"}))[0]["DEVENV_DB_PORT"]
    assert second == first + 1


def test_a_remote_engine_is_where_addresses_lead() -> None:
    machine, _ = place(
        resolved(ONE),
        Observed(Engine("27.0.1", "linux/amd64", host="build.example.com")),
        project="shop",
        root="/shop",
        kept={},
        chosen=("db",),
        registries={},
        generations={},
    )
    assert machine.host == "build.example.com"


def test_the_first_checkout_has_the_plain_name() -> None:
    assert project_name("shop", "/a", {}, "") == "shop"


def test_a_second_checkout_has_one_of_its_own() -> None:
    assert project_name("shop", "/b", {}, "/a") == own_name("shop", "/b") != own_name("shop", "/c")


def test_a_checkout_keeps_its_name() -> None:
    kept = {"COMPOSE_PROJECT_NAME": "shop-abc123", "DEVENV_ROOT": "/b"}
    assert project_name("shop", "/b", kept, "/a") == "shop-abc123"


def test_a_moved_checkout_keeps_its_name_and_so_its_data() -> None:
    kept = {"COMPOSE_PROJECT_NAME": "shop", "DEVENV_ROOT": "/old"}
    assert project_name("shop", "/new", kept, "") == "shop"


def test_a_name_that_devenv_toml_no_longer_says_is_kept_and_named() -> None:
    assert kept_name("shop", "shop") == ""
    assert kept_name("shop", own_name("shop", "/b")) == ""
    assert kept_name("store", "shop") == (
        "this checkout keeps the name shop on this machine, so that its data is found; devenv.toml says store, "
        "which a new checkout gets"
    )
