"""MariaDB's and MySQL's data moved with real servers: counted before and after, the old data kept."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine import clients
from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, own_port
from tests.engine.running import DEVENV, Ended, environment, volumes, well

#: Nobody else's: while data is moved it is free, and tests in other processes want the standard one.
PORT = own_port()

DATA = (Path(__file__).parent / "data" / "upgrade.sql").read_text(encoding="utf-8")
#: Only MariaDB has it.
ARIA = "\nCREATE TABLE shop.aria (id INT PRIMARY KEY, t TEXT) ENGINE=Aria; INSERT INTO shop.aria VALUES (1, 'kept');\n"
SCRIPTS = Path(__file__).parents[2] / "templates" / "upgrades"


def devenv(own: Project, *words: str) -> Ended:
    """Run devenv to its end: a move of data takes what it takes where much else runs."""
    done = subprocess.run(
        [*DEVENV, *words], cwd=own.root, env=environment(own), capture_output=True, text=True, timeout=900
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def version(standins: tuple[Standin, ...], kind: str, begins: str) -> str:
    return next(item.version for item in standins if item.kind == kind and f"{item.version}.".startswith(f"{begins}."))


def write(own: Project, kind: str, number: str, more: str = "") -> None:
    own.write(f'[services.db]\nkind = "{kind}"\nversion = "{number}"\nport = {PORT}\ndatabases = ["main"]\n{more}')


def feed(own: Project, kind: str, text: str) -> None:
    """Run SQL as root in the service's container."""
    words = [kind, "--user=root", "--password=devenv", "--default-character-set=utf8mb4"]
    subprocess.run(
        ["docker", "exec", "--interactive", own.container("db"), *words], input=text, text=True, check=True, timeout=120
    )


def script(own: Project, name: str, **values: str) -> str:
    """What a script of the upgrades prints, run in the running service."""
    head = "".join(f"export {key}={value}\n" for key, value in values.items())
    text = head + (SCRIPTS / name).read_text(encoding="utf-8")
    words = ["docker", "exec", "--interactive", own.container("db"), "sh", "-s"]
    return subprocess.run(words, input=text, text=True, check=True, capture_output=True, timeout=120).stdout


def census(own: Project) -> dict[str, str]:
    said = script(own, "mysql/census.sh", DEVENV_OWN="x\\'726f6f74\\',x\\'646576656e76\\'")
    assert said.endswith("# end\n")
    return dict(line.split("\t", 1) for line in said.splitlines() if "\t" in line)


def rows(found: dict[str, str]) -> dict[str, str]:
    """Without what a newer version has more, or writes otherwise."""
    return {name: value for name, value in found.items() if not name.startswith("grant ")}


def sync(own: Project) -> Any:
    return well(devenv(own, "sync", "--yes"))


def works(own: Project) -> None:
    """What an application does: the data is there, code runs, a new row gets the next number."""
    url = own.url("db")
    assert clients.mysql(url, "SELECT twice FROM shop.spending WHERE name = 'Ana 🐘'") == 4
    assert clients.mysql(url, "SELECT COUNT(*) FROM `the archive`.across") == 2
    assert clients.mysql(url, "CALL shop.spend(1, @total)", "SELECT CAST(@total AS CHAR)") == "12.5001"
    add = "INSERT INTO shop.customers (name) VALUES ('new')"
    assert clients.mysql(url, "SET autocommit = 0", add, "SELECT LAST_INSERT_ID()") == 1000


@pytest.mark.parametrize("path", [("10.5", "10.11", "11.8"), ("10.5", "11.8")])
def test_mariadb_in_place(project: Make, standins: tuple[Standin, ...], path: tuple[str, ...]) -> None:
    own, found = project(""), [version(standins, "mariadb", begins) for begins in path]
    write(own, "mariadb", found[0])
    own.up()
    feed(own, "mariadb", DATA + ARIA)
    first = census(own)
    assert first["table shop.orders"].startswith("4 ")
    assert len(first) > 70
    for number in found[1:]:
        write(own, "mariadb", number)
        assert devenv(own, "up").code == 5
        assert "and nothing is missing" in sync(own).err
        assert clients.mysql_version(own.url("db")) == number
        assert rows(census(own)) == rows(first)
        assert first.items() <= census(own).items()
    works(own)
    # The old version finds what it left.
    write(own, "mariadb", found[0])
    own.up()
    assert census(own) == first


def test_data_is_not_given_to_an_older_server(project: Make, standins: tuple[Standin, ...]) -> None:
    own = project("")
    write(own, "mariadb", version(standins, "mariadb", "11.8"))
    own.up()
    feed(own, "mariadb", DATA)
    first, there, container = census(own), volumes(own), own.container("db")
    write(own, "mariadb", version(standins, "mariadb", "10.11"))
    for words in (("up",), ("sync", "--yes")):
        ended = devenv(own, *words)
        assert ended.code == 5
        assert "devenv up --fresh db" in ended.err
    assert (volumes(own), own.container("db"), census(own)) == (there, container, first)


@pytest.mark.parametrize(
    ("old", "new"), [(("mysql", "9.7"), ("mariadb", "11.8")), (("mariadb", "11.8"), ("mysql", "9.7"))]
)
def test_from_one_to_the_other(
    project: Make, standins: tuple[Standin, ...], old: tuple[str, str], new: tuple[str, str]
) -> None:
    own = project("")
    write(own, old[0], version(standins, *old))
    own.up()
    feed(own, old[0], DATA)
    write(own, new[0], version(standins, *new))
    ended = sync(own)
    assert "and nothing is missing" in ended.err
    assert "'app'@'%' logs in by" in ended.err
    works(own)


def test_what_the_other_kind_lacks_is_told_by_name(project: Make, standins: tuple[Standin, ...]) -> None:
    own = project("")
    write(own, "mariadb", version(standins, "mariadb", "11.8"))
    own.up()
    feed(own, "mariadb", "CREATE SEQUENCE main.numbers; CREATE TABLE main.u (id UUID);")
    there = volumes(own)
    write(own, "mysql", version(standins, "mysql", "9.7"))
    ended = devenv(own, "sync", "--yes")
    assert ended.code == 1
    assert "main.numbers is a sequence; main.u.id is of type uuid;" in ended.err
    assert volumes(own) == there
    feed(  # the old server serves again as soon as that is said
        own,
        "mariadb",
        "DROP SEQUENCE main.numbers; DROP TABLE main.u; CREATE TABLE main.c (t TEXT COLLATE utf8mb4_uca1400_ai_cs);",
    )
    ended = devenv(own, "sync", "--yes")
    assert ended.code == 1
    assert "column main.c.t has the collation utf8mb4_uca1400_ai_cs;" in ended.err


def test_what_acts_only_on_new_data(project: Make, standins: tuple[Standin, ...]) -> None:
    own, number = project(""), version(standins, "mariadb", "11.8")
    write(own, "mariadb", number)
    own.up()
    clients.mysql_write(own.url("db"))
    write(own, "mariadb", number, "settings = { lower_case_table_names = 1 }\n")
    there = volumes(own)
    assert devenv(own, "up").code == 6
    assert volumes(own) == there
    well(devenv(own, "up", "--fresh", "db"))
    assert clients.mysql(own.url("db"), "SELECT @@lower_case_table_names") == 1
    assert volumes(own) == there | {f"{own.name}_db-mariadb-11.8-g2"}
    assert own.up()["plan"][-1]["action"] == "keep"


@pytest.mark.parametrize(("kind", "begins"), [("mysql", "9.7"), ("mariadb", "10.11")])
def test_a_server_is_ended_with_nothing_half_done(
    project: Make, standins: tuple[Standin, ...], kind: str, begins: str
) -> None:
    """Of MySQL there is one version here: what happens at each hop is run on it."""
    own = project("")
    write(own, kind, version(standins, kind, begins))
    own.up()
    feed(own, kind, DATA)
    first = census(own)
    script(own, "mysql/end.sh", DEVENV_NO_NATIVE="MySQL" if kind == "mysql" else "")
    assert clients.mysql(own.url("db"), "SELECT @@innodb_fast_shutdown") == 0
    own.run("stop")
    own.up()
    assert census(own) == first
    feed(own, kind, "XA START 'x'; INSERT INTO shop.tree VALUES (9, 1); XA END 'x'; XA PREPARE 'x';")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        script(own, "mysql/end.sh")
    assert "devenv: there are prepared XA transactions" in caught.value.stderr
