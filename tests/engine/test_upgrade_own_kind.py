"""A kind of a project's own: its newer servers take the data over where its service.toml says so, and only there."""

from __future__ import annotations

import redis

from tests.engine.conftest import Make, Standin
from tests.engine.project import Project, own_port
from tests.engine.running import devenv

KIND = """\
title = "Store"
summary = "A server of our own."

[image]
repository = "redis"

[version]
parts = 2

[ports]
main = 6379

[[data]]
format = "{major}.{minor}"
paths = ["/data"]

[ready]
port = "main"
send = "PING\\r\\n"
expect = "PONG"

[outputs]
url = "redis://{{ host }}:{{ port }}"
"""
PORT = own_port()
IN_PLACE = "\n[upgrade]\nin_place = true\n"


def manifest(version: str) -> str:
    return f'[services.store]\nkind = "store"\nversion = "{version}"\nport = {PORT}\n'


def made_of(project: Make, standins: tuple[Standin, ...], kind: str) -> tuple[Project, str]:
    """The project, up with the oldest version and a key, and the newest version."""
    found = {item.version for item in standins if item.kind == "redis"}
    first, *_, last = sorted(found, key=lambda text: [int(part) for part in text.split(".")])
    made = project("")
    made.file("kinds/store/service.toml", kind)
    made.file("kinds/store/compose.yaml.j2", 'command: [redis-server, --save, "1 1"]\n')
    wanted(made, first)
    made.up()
    with redis.Redis.from_url(made.url("store")) as client:
        client.set("key", "kept")
        client.save()
    wanted(made, last)
    return made, last


def wanted(made: Project, version: str) -> None:
    made.write(manifest(version))
    text = (made.root / "devenv.toml").read_text()
    (made.root / "devenv.toml").write_text(text.replace("[services", 'catalogue = "kinds"\n\n[services', 1))


def test_it_goes_where_its_kind_says_so(project: Make, standins: tuple[Standin, ...]) -> None:
    made, last = made_of(project, standins, KIND + IN_PLACE)
    said = devenv(made, "sync", "--yes")
    assert said.code == 0, said.err
    assert "it starts; nobody counted what is in it" in said.err
    with redis.Redis.from_url(made.url("store")) as client:
        assert client.get("key") == b"kept"
        assert client.info("server")["redis_version"] == last


def test_it_stays_where_its_kind_does_not(project: Make, standins: tuple[Standin, ...]) -> None:
    made, _ = made_of(project, standins, KIND)
    said = devenv(made, "sync", "--yes")
    assert "devenv knows no way from Store" in said.err
    assert "in_place = true" in said.err
    with redis.Redis.from_url(made.url("store")) as client:
        assert client.get("key") == b"kept"
