from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.model.machine import Machine
from devenv.targets import dotenv

MACHINE = Machine("shop-1a2b3c", "/home/ann/shop", {"DEVENV_DB_PORT": 5433}, {"DEVENV_REGISTRY": "127.0.0.1:5055"})


def test_what_is_decided_for_this_machine() -> None:
    file = dotenv.file(MACHINE)
    assert file.text.splitlines()[1:] == [
        "COMPOSE_PROJECT_NAME=shop-1a2b3c",
        "DEVENV_ROOT=/home/ann/shop",
        "DEVENV_REGISTRY=127.0.0.1:5055",
        "DEVENV_DB_PORT=5433",
    ]
    assert file.mode == 0o600


def test_what_was_wanted_of_a_port_is_remembered_beside_it() -> None:
    wanted = {"DEVENV_DB_PORT": "5432", "DEVENV_DB__ADMIN_PORT": "80"}
    file = dotenv.file(Machine("shop", "/shop", {"DEVENV_DB__ADMIN_PORT": 80, "DEVENV_DB_PORT": 20001}, wanted=wanted))
    assert file.text.splitlines()[3:] == [
        "DEVENV_DB_PORT=20001",
        "DEVENV_DB_PORT_WANTED=5432",
        "DEVENV_DB__ADMIN_PORT=80",
        "DEVENV_DB__ADMIN_PORT_WANTED=80",
    ]


def test_an_engine_elsewhere_is_remembered() -> None:
    file = dotenv.file(Machine("shop", "/shop", host="build.example.com"))
    assert dotenv.parse(file.text)["DEVENV_HOST"] == "build.example.com"


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1))
def test_any_path_is_read_as_it_was_written(root: str) -> None:
    written = dotenv.file(Machine("shop", f"/{root}")).text
    if "\u2028" not in root and "\u2029" not in root and "\x85" not in root:
        assert dotenv.parse(written)["DEVENV_ROOT"] == f"/{root}"


def test_what_devenv_writes_is_valid() -> None:
    machine = Machine("shop", "/shop", {"DEVENV_WEB_PORT": 80}, wanted={"DEVENV_WEB_PORT": "80"})
    machine = replace(machine, generations={"db-postgres-15": ".2"})
    assert dotenv.problems(dotenv.file(machine).text) == ()
    assert dotenv.problems(dotenv.file(MACHINE).text) == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("COMPOSE_PROJECT_NAME=Shop", "'Shop' is not a Compose project name: "),
        ("COMPOSE_PROJECT_NAME=", "'' is not a Compose project name: "),
        ("COMPOSE_PROJECT_NAME='../x'", "'../x' is not a Compose project name: "),
        ("DEVENV_DB_PORT=abc", "'abc' is not a port: a number from 1 to 65535"),
        ("DEVENV_DB_PORT=", "'' is not a port: a number from 1 to 65535"),
        ("DEVENV_DB_PORT=0", "'0' is not a port: a number from 1 to 65535"),
        ("DEVENV_DB_PORT=65536", "'65536' is not a port: a number from 1 to 65535"),
        ("DEVENV_DB_PORT=-5432", "'-5432' is not a port: a number from 1 to 65535"),
        ("DEVENV_DB_PORT=٥٤٣٢", "'٥٤٣٢' is not a port: a number from 1 to 65535"),
        ("DEVENV_DB_PORT=" + "9" * 5000, "'9"),
        ("DEVENV_DB_PORT=22", "port 22 is below 1024, and devenv.toml does not ask for it"),
        ("DEVENV_DB__ADMIN_PORT_WANTED=x", "'x' is not a port: a number from 1 to 65535"),
        ("DEVENV_DATA_DB_POSTGRES_15=/etc:", "'/etc:' is not the end of a volume's name"),
    ],
)
def test_values_that_somebody_wrote(line: str, message: str) -> None:
    (problem,) = dotenv.problems(f"# first\n{line}\n")
    assert problem.message.startswith(message)
    assert (str(problem.where), problem.key) == (".devenv/.env:2", line.partition("=")[0])
    assert problem.hint == "delete the line, and 'devenv up' writes it again"


def test_lines_that_are_no_variables_are_passed_over() -> None:
    assert dotenv.parse("# a comment\n\nnonsense\nA=1\n") == {"A": "1"}


def test_git_does_not_see_what_is_one_machines_own() -> None:
    assert set(dotenv.git_files()[0].text.split()) == {"/.env", "/compose.local.yaml", "/local.lock"}
