"""devenv sync where no engine answers: files brought in step and put back, against a registry on loopback."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devenv.cli import main
from devenv.effects.world import World
from tests.effects.registry_server import Registry, index
from tests.making import tree
from tests.program import Said

pytestmark = pytest.mark.usefixtures("programs")
MANIFEST = """\
[project]
name = "shop"
[environments.production]
sources = [{ path = "prod" }]
[services.db]
kind = "postgres"
version = "15.4"
[services.cache]
kind = "redis"
version = "7.0.14"
"""
COMPOSE = (
    "services: {db: {image: 'postgres:%s'}, cache: {image: 'redis:%s', command: 'redis-server --appendonly yes'}}\n"
)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with closing(Registry()) as server:
        yield server


class Shop:
    def __init__(self, root: Path, registry: Registry) -> None:
        self.root = tree(root / "shop", {"devenv.toml": MANIFEST})
        self.registry = registry
        self.env = {
            "HOME": str(root),
            "DEVENV_STATE": str(root / "state"),
            "DEVENV_CONFIG": str(root / "config.toml"),
            "DEVENV_REGISTRY_MIRROR": registry.host,
            "DOCKER_HOST": f"unix://{root}/no.sock",
        }
        self.has("postgres", "15.4", "15.5")
        self.has("redis", "7.0.14", "7.0.15")

    def has(self, name: str, *tags: str) -> None:
        for tag in tags:
            self.registry.image(f"library/{name}", tag, index({"os": "linux", "architecture": f"{name}{tag}"}))
        self.registry.tags(f"library/{name}", *tags)

    def runs(self, postgres: str, redis: str) -> None:
        tree(self.root, {"prod/compose.prod.yaml": COMPOSE % (postgres, redis)})

    def devenv(self, *words: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        world = World(cwd=self.root, env=self.env, stdin=io.StringIO(), stdout=out, stderr=err)
        return Said(main(words, world), out.getvalue(), err.getvalue())

    def files(self) -> dict[str, str]:
        return {str(path): path.read_text() for path in self.root.rglob("*") if path.is_file()}

    @property
    def manifest(self) -> str:
        return (self.root / "devenv.toml").read_text()


@pytest.fixture
def shop(tmp_path: Path, registry: Registry) -> Shop:
    made = Shop(tmp_path, registry)
    made.runs("15.5", "7.0.15")
    return made


def test_a_rollback_that_is_only_shown_changes_nothing(shop: Shop) -> None:
    assert shop.devenv("sync", "--yes").code == 0
    before = shop.files()
    shown = shop.devenv("sync", "--rollback", "--dry-run")
    assert shown.code == 0
    assert "↶ undo services.db.version: 15.4 → 15.5" in shown.out
    assert shown.err.endswith("nothing was changed\n")
    report = json.loads(shop.devenv("sync", "--rollback", "--dry-run", "-j").out)
    assert (report["applied"], report["rollback"]["changes"][0]) == (False, "services.db.version: 15.4 → 15.5")
    assert shop.files() == before
    assert [entry["undone"] for entry in json.loads(shop.devenv("history", "-j").out)["history"]] == [False]


def test_what_is_accepted_is_left_as_it_is(shop: Shop) -> None:
    accepted = '{ finding = "production/services.db.version", reason = "its dump is large" }'
    tree(shop.root, {"devenv.toml": f"{MANIFEST}[parity]\naccept = [{accepted}]\n"})
    assert shop.devenv("sync", "--yes").code == 0
    assert 'version = "15.4"\n' in shop.manifest
    assert 'version = "7.0.15" # from compose' in shop.manifest
    checked = shop.devenv("sync", "--check")
    assert checked.code == 0
    assert "= accept production/services.db.version: its dump is large" in checked.out


def test_what_is_accepted_is_not_added(shop: Shop) -> None:
    accepted = '{ finding = "production/services.cache", reason = "no cache here" }'
    text = MANIFEST.replace('[services.cache]\nkind = "redis"\nversion = "7.0.14"\n', "")
    tree(shop.root, {"devenv.toml": f"{text}[parity]\naccept = [{accepted}]\n"})
    assert shop.devenv("sync", "--add", "--yes").code == 0
    assert "[services.cache]" not in shop.manifest


def test_a_rollback_reports(shop: Shop) -> None:
    shop.devenv("sync", "--yes")
    ended = shop.devenv("sync", "--rollback", "--yes", "--format", "json")
    assert ended.code == 0
    report = json.loads(ended.out)
    assert (report["schema_version"], report["applied"], report["rollback"]["number"]) == (2, True, 1)
    assert shop.manifest == MANIFEST


@pytest.mark.parametrize("words", [["--check"], ["--add"], ["--no-read"], ["db"], ["--dry-run", "--check"]])
def test_a_rollback_goes_with_nothing_else(shop: Shop, words: list[str]) -> None:
    shop.devenv("sync", "--yes")
    before = shop.files()
    ended = shop.devenv("sync", "--rollback", "--yes", *words)
    assert (ended.code, ended.out) == (2, "")
    assert "--rollback takes the whole last sync back" in ended.err
    assert shop.files() == before


def test_a_rollback_confirms_what_services_of_before_ask_for(shop: Shop) -> None:
    """A clone's files may have changed since."""
    own = '[services.it]\nkind = "own"\nversion = "1"\n'
    kind = 'title = "Own"\nsummary = "A kind."\n[image]\nrepository = "own"\n'
    text = MANIFEST.replace("[project]\n", '[project]\ncatalogue = "kinds"\n') + own
    tree(shop.root, {"devenv.toml": text, "kinds/own/service.toml": kind, "kinds/own/compose.yaml.j2": ""})
    shop.has("own", "1")
    assert shop.devenv("sync", "--yes").code == 0
    tree(shop.root, {"kinds/own/compose.yaml.j2": "privileged: true\n"})
    before = shop.files()
    refused = shop.devenv("sync", "--rollback", "--yes")
    assert refused.code == 6
    assert "services.it.kind: asks this machine for privileged: true, which was not confirmed" in refused.err
    assert "allow: devenv sync --rollback --trust (in CI: DEVENV_TRUST=1)" in refused.err
    assert shop.files() == before
    assert shop.devenv("sync", "--rollback", "--trust", "--yes").code == 0
    assert shop.manifest == text


def test_files_are_put_back_also_where_their_images_are_gone(shop: Shop) -> None:
    """The former lock, if there was one, is put back too; only what it lacks cannot be asked for."""
    shop.devenv("sync", "--yes")
    shop.registry.close()
    ended = shop.devenv("sync", "--rollback", "--yes")
    assert ended.code == 7
    assert "running services are left as they are; only files are restored" in ended.err
    assert "restored to the state before the sync of" in ended.err
    assert shop.manifest == MANIFEST
    assert not (shop.root / "devenv.lock").exists()


def test_what_has_no_image_is_left_out(shop: Shop) -> None:
    shop.runs("15.6", "7.0.15")
    dry = shop.devenv("sync", "--dry-run")
    ended = shop.devenv("sync", "--yes")
    for each in (dry, ended):
        assert each.code == 1
        assert "not done: db: no image postgres:15.6" in each.err
        assert "tags near it: 15.5, 15.4" in each.err
    assert 'version = "15.4"\n' in shop.manifest
    assert 'version = "7.0.15" # from compose' in shop.manifest
    assert "postgres:15.4" in (shop.root / "devenv.lock").read_text()
    tried = json.loads(shop.devenv("sync", "--dry-run", "-j").out)
    assert (tried["error"]["exit_code"], tried["error"]["problems"]) == (1, tried["unobtainable"])
    report = json.loads(shop.devenv("sync", "--yes", "-j").out)
    assert [(problem["key"], problem["message"]) for problem in report["unobtainable"]] == [
        ("db", f"no image postgres:15.6: {shop.registry.host}/library/postgres has no such tag")
    ]


def test_a_later_patch_that_can_be_had_is_proposed(shop: Shop) -> None:
    from devenv import production

    newest = next(text for text in production.releases().newest["postgres"] if text.startswith("15."))
    shop.has("postgres", newest)
    shop.runs("15.6", "7.0.15")
    ended = shop.devenv("sync", "--yes")
    assert f'the nearest later patch available is {newest}: version = "{newest}"' in ended.err
    (shop.root / "devenv.toml").write_text(MANIFEST.replace("15.4", newest))
    again = shop.devenv("sync", "--yes")
    assert f"the nearest later patch available is {newest}, which devenv.toml has already" in again.err
    assert '{ finding = "production/services.db.version", reason = "…" }' in again.err


def test_what_an_unread_source_may_contradict_stays_as_it_is(shop: Shop) -> None:
    """A missing Terraform state must not have a Compose file of lower rank downgrade production's version."""
    text = MANIFEST.replace("[{ path", '[{ path = "gone.tfstate" }, { path')
    (shop.root / "devenv.toml").write_text(text)
    checked = shop.devenv("sync", "--check", "db")
    assert checked.code == 7
    assert checked.err.endswith("A source could not be read; the others differ.\n")
    ended = shop.devenv("sync", "--yes")
    assert ended.code == 7
    stays = "services.db.version stays 15.4 (prod/compose.prod.yaml says 15.5): gone.tfstate could not be read"
    assert f"note: {stays}" in ended.err
    assert 'version = "15.4"\n' in shop.manifest
    assert 'version = "7.0.14"\n' in shop.manifest
    assert 'appendonly = "yes" # from compose' in shop.manifest


def lose_the_source_of_cache(shop: Shop) -> None:
    """Have devenv.toml name a source for one service alone, which is not there."""
    text = MANIFEST.replace("[{ path", '[{ path = "gone.tfstate", service = "cache" }, { path')
    (shop.root / "devenv.toml").write_text(text)


def test_what_no_unread_source_may_contradict_is_followed(shop: Shop) -> None:
    lose_the_source_of_cache(shop)
    ended = shop.devenv("sync", "--yes")
    assert ended.code == 7
    assert "note: gone.tfstate: there is no such file" in ended.err
    assert 'version = "15.5" # from compose' in shop.manifest
    assert 'version = "7.0.14"\n' in shop.manifest
    again = shop.devenv("sync", "--yes")
    assert (again.code, again.out) == (7, "")
    assert "nothing to do" in again.err


def test_a_service_whose_source_is_unread_is_not_added_twice(shop: Shop) -> None:
    text = MANIFEST.replace("[{ path", '[{ path = "gone.tfstate" }, { path')
    text = text.replace('version = "15.4"', 'version = "15.4"\nfrom = "aws_db_instance.main"')
    (shop.root / "devenv.toml").write_text(text)
    ended = shop.devenv("sync", "--add", "--yes")
    assert ended.code == 7
    assert "Not added: it may be services.db; gone.tfstate could not be read" in ended.err
    assert shop.manifest.count('kind = "postgres"') == 1


def test_a_check_with_a_difference_and_an_unread_source(shop: Shop) -> None:
    """An unreadable source ends with 7, whatever else is found; both are said."""
    lose_the_source_of_cache(shop)
    checked = shop.devenv("sync", "--check")
    assert checked.code == 7
    assert "2 differences between devenv.toml and production." in checked.err
    assert "gone.tfstate: there is no such file" in checked.err
    report = json.loads(shop.devenv("sync", "--check", "-j").out)
    assert report["findings"][0]["id"] == "production/services.db.version"
    assert [problem["message"] for problem in report["error"]["problems"]] == [
        "gone.tfstate: there is no such file",
        "15.4 → 15.5",
        "not set → yes",
    ]
    assert report["sources"]["unread"][0]["file"] == "gone.tfstate"
    assert report["error"]["exit_code"] == 7


def test_what_would_change_is_the_result_of_asking_for_it(shop: Shop) -> None:
    for flag in ("--check", "--dry-run"):
        assert "~ services.db.version: 15.4 → 15.5\n" in shop.devenv("sync", flag).out
    done = shop.devenv("sync", "--yes")
    assert done.out == ""
    assert "~ services.db.version: 15.4 → 15.5\n" in done.err
    assert "~ write devenv.lock: the images' digests\n" in done.err


def test_a_variable_that_nobody_fills_in_is_no_source_that_cannot_be_read(shop: Shop) -> None:
    shop.runs("${TAG}", "7.0.15")
    ended = shop.devenv("sync", "--yes")
    assert ended.code == 0
    assert "services.db: the variable TAG is not filled in, so the version is unknown" in ended.err
    assert 'version = "15.4"\n' in shop.manifest
    assert shop.devenv("sync", "--check").code == 0


def test_what_never_had_an_image_holds_nothing_else_back(shop: Shop) -> None:
    """Neither production's version nor the manifest's can be had: nothing is locked for it."""
    (shop.root / "devenv.toml").write_text(MANIFEST.replace("15.4", "15.1"))
    shop.runs("15.6", "7.0.15")
    ended = shop.devenv("sync", "--yes")
    assert ended.code == 1
    assert "not done: db: no image postgres:15.6" in ended.err
    assert 'version = "15.1"\n' in shop.manifest
    assert 'version = "7.0.15" # from compose' in shop.manifest
    assert "postgres" not in (shop.root / "devenv.lock").read_text()
    assert "redis:7.0.15" in (shop.root / "devenv.lock").read_text()


def test_runtimes_are_kept_in_step_like_services(shop: Shop) -> None:
    text = MANIFEST.replace("[services.db]", '[runtimes]\npython = "3.12.4" # ours\n[devcontainer]\n[services.db]', 1)
    dockerfile = "FROM node:20.11.1 AS assets\nFROM python:3.12.5-slim\n"
    tree(shop.root, {"devenv.toml": text.replace('path = "prod" }', 'path = "prod" }, { path = "Dockerfile" }')})
    tree(shop.root, {"Dockerfile": dockerfile})
    shop.runs("15.4", "7.0.14")
    shop.has("python", "3.12.4-bookworm", "3.12.5-bookworm")
    checked = shop.devenv("sync", "--check")
    assert checked.code == 3
    assert "~ runtimes.python: 3.12.4 → 3.12.5\n      runtimes Dockerfile (FROM), " in checked.out
    assert "production runs Node.js 20.11.1 (runtimes Dockerfile (FROM)); [runtimes] does not have it" in checked.err
    assert shop.devenv("sync", "--yes").code == 0
    manifest = (shop.root / "devenv.toml").read_text()
    assert 'python = "3.12.5" # ours; from runtimes Dockerfile (FROM), ' in manifest
    assert "library/python:3.12.5-bookworm" in (shop.root / "devenv.lock").read_text()
    assert "library/python:3.12.5-bookworm@sha256:" in (shop.root / ".devcontainer/Dockerfile").read_text()
    assert shop.devenv("sync", "--check").code == 0


def test_a_runtime_without_an_image_leaves_the_services_their_changes(shop: Shop) -> None:
    text = MANIFEST.replace("[services.db]", '[runtimes]\npython = "3.12.4"\n[devcontainer]\n[services.db]', 1)
    tree(shop.root, {"devenv.toml": text.replace('path = "prod" }', 'path = "prod" }, { path = ".python-version" }')})
    tree(shop.root, {".python-version": "3.99.1\n"})
    shop.runs("15.5", "7.0.14")
    shop.has("python", "3.12.4-bookworm")
    ended = shop.devenv("sync", "--yes")
    assert ended.code == 1
    assert "python:3.99.1-bookworm" in ended.err
    manifest = (shop.root / "devenv.toml").read_text()
    assert 'python = "3.12.4"' in manifest
    assert 'version = "15.5"' in manifest
