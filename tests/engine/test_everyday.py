"""The commands of every day, each with its outcomes: it did it, there was nothing to do, somebody made a mistake."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from devenv.effects.store import Store
from tests.engine import clients
from tests.engine.conftest import Make, projects
from tests.engine.project import MIRROR, Project, docker
from tests.engine.running import POSTGRES, REDIS, Running, Terminal, containers, devenv, running, volumes, well

MANIFEST = (
    f"[services.cache]\n{REDIS}\n[services.db]\n{POSTGRES}databases = ['shop', 'shop_test']\n"
    "[profiles]\nsmall = ['cache']\n"
    "[env]\nCACHE_URL = '{{ services.cache.url }}'\nDATABASE_URL = '{{ services.db.url }}'\nODD = \"it's $HOME\\n%\"\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with projects(tmp_path_factory) as make:
        yield make(MANIFEST)


@pytest.fixture
def shop(made: Project) -> Project:
    """All of it up, as its manifest says: tests leave it as they like."""
    made.write(MANIFEST)
    well(devenv(made, "up"))
    return made


# --- up


def test_up_says_what_it_does_and_then_that_there_is_nothing_to_do(project: Make) -> None:
    made = project(MANIFEST)
    dry = well(devenv(made, "up", "--dry-run"))
    assert dry.err.endswith("nothing was changed\n")
    assert sorted(path.name for path in made.root.iterdir() if path.name != "state") == ["devenv.toml"]
    first = well(devenv(made, "up"))
    assert "  + create cache: redis 7.0.15 is not there yet\n" in first.err
    assert "  ~ write devenv.lock: the images' digests; commit it\n" in first.err
    assert first.err.endswith("'devenv env' prints the variables\n")
    assert re.search(r"^db +postgres +15\.\d+ +127\.0\.0\.1:\d+ +\d+\.\d s$", first.out, re.MULTILINE)
    second = well(devenv(made, "up"))
    assert (second.err, second.out.split()[:5]) == ("nothing to do\n", first.out.split()[:5])
    third = devenv(made, "up", "-j").document
    assert {step["action"] for step in third["plan"]} == {"keep"}
    assert [service["service"] for service in third["services"]] == ["cache", "db"]


def test_up_with_a_lock_that_is_not_to_change(project: Make) -> None:
    made = project(MANIFEST)
    refused = devenv(made, "up", "--frozen")
    assert (refused.code, "--frozen forbids to add it" in refused.err) == (6, True)
    assert not (made.root / "devenv.lock").exists()
    well(devenv(made, "lock"))
    lock = made.root / "devenv.lock"
    _, *blocks = lock.read_text().split("\n\n")
    lock.write_text("\n\n".join(["version = 1", *(block.strip() for block in reversed(blocks))]))  # the same, otherwise
    before = lock.read_text()
    well(devenv(made, "up", "--frozen", "cache"))
    made.file("devenv.local.toml", "[services.cache]\nversion = '6.0.16'\n")
    well(devenv(made, "up", "--frozen", "--fresh", "cache", "cache"))
    assert lock.read_text() == before
    (made.root / "devenv.local.toml").unlink()
    assert "devenv.lock" not in well(devenv(made, "up", "cache")).err
    assert lock.read_text() == before


def test_a_container_with_a_health_command_serves_as_soon_as_up_says_so(project: Make) -> None:
    """The engine looks for the first time after a minute, and nobody tells the version but the tag."""
    made = project(
        '[services.own]\nkind = "container"\nimage = "redis:7.0.15"\nhealth = ["redis-cli", "ping"]\n'
        "listens = { main = 6379 }\n"
    )
    (row,) = [line for line in well(devenv(made, "up")).out.splitlines() if line.startswith("own")]
    assert row.split()[:3] == ["own", "container", "7.0.15"]
    (service,) = devenv(made, "status", "-j").document["services"]
    assert (service["state"], service["running"]) == ("ready", "7.0.15")


def test_up_of_some(shop: Project) -> None:
    well(devenv(shop, "down"))
    well(devenv(shop, "up", "db"))
    assert running(shop) == {"db"}
    well(devenv(shop, "down"))
    well(devenv(shop, "up", "--profile", "small"))
    assert running(shop) == {"cache"}
    for words, said in (
        ("up chache", "no service 'chache'\n  did you mean 'cache'?"),
        ("up --profile big", "no profile 'big'\n  profiles: small"),
        ("up --fresh nobody", "no service 'nobody'\n  services: cache, db"),
    ):
        ended = devenv(shop, *words.split())
        assert (ended.code, said in ended.err, ended.err.endswith("nothing was changed\n")) == (2, True, True)


def test_a_changed_setting_makes_that_service_anew_alone(shop: Project) -> None:
    before = {name: docker("inspect", "--format", "{{.Id}}", name) for name in containers(shop)}
    shop.write(MANIFEST.replace(POSTGRES, f"{POSTGRES}settings = {{ max_connections = 77 }}\n"))
    ended = well(devenv(shop, "up"))
    assert "  ± recreate db: max_connections default → 77\n" in ended.err
    assert "  = keep cache\n" in ended.err
    after = {name: docker("inspect", "--format", "{{.Id}}", name) for name in containers(shop)}
    assert [name for name in before if before[name] != after[name]] == [f"{shop.name}-db-1"]
    assert clients.postgres(shop.url("db"), "SHOW max_connections") == "77"


def test_a_service_that_leaves_the_manifest_and_comes_back(shop: Project) -> None:
    clients.redis_write(shop.url("cache"))
    shop.write(f"[services.db]\n{POSTGRES}databases = ['shop', 'shop_test']\n")
    status = devenv(shop, "status", "--exit-code")
    assert (status.code, "≠ cache runs and is not in devenv.toml" in status.out) == (3, True)
    ended = well(devenv(shop, "up"))
    assert "  - stop cache: no longer in devenv.toml; its data is kept\n" in ended.err
    assert running(shop) == {"db"}
    assert f"{shop.name}_cache-redis-7.0" in volumes(shop)
    shop.write(MANIFEST)
    well(devenv(shop, "up"))
    assert clients.redis_read(shop.url("cache")) == clients.VALUE


def test_another_version_of_the_data_is_refused_with_the_way_out(project: Make) -> None:
    shop = project(MANIFEST)
    well(devenv(shop, "up"))
    clients.postgres(shop.url("db"), "CREATE TABLE IF NOT EXISTS fifteen ()")
    other = MANIFEST.replace('version = "15"', 'version = "17"')
    shop.write(other)
    refused = devenv(shop, "up")
    assert refused.code == 5
    assert (
        f"db: the data here is of postgres 15 ({shop.name}_db-postgres-15); devenv.toml says postgres 17" in refused.err
    )
    assert "devenv up --fresh db" in refused.err
    assert "or put the old version back into devenv.toml: its data is found again" in refused.err
    assert refused.err.endswith("nothing was changed\n")
    assert devenv(shop, "up", "-j").document["error"]["exit_code"] == 5
    status = devenv(shop, "status")
    assert "≠ db: the data here is of postgres 15" in status.out
    assert status.err.startswith("'devenv sync' brings it in step, and its data comes along\n")
    assert running(shop) == {"cache", "db"}

    well(devenv(shop, "up", "--fresh", "db"))
    assert clients.postgres(shop.url("db"), "SELECT to_regclass('fifteen')") is None
    assert "nothing to do" in well(devenv(shop, "up")).err
    shop.write(MANIFEST)
    well(devenv(shop, "up"))
    assert clients.postgres(shop.url("db"), "SELECT to_regclass('fifteen')::text") == "fifteen"
    assert {f"{shop.name}_db-postgres-15", f"{shop.name}_db-postgres-17"} <= volumes(shop)
    well(devenv(shop, "reset", "--yes", "db"))
    planned = well(devenv(shop, "up", "--dry-run"))  # it begins empty, beside the data of 17
    assert "+ create db: postgres 15 is not there yet" in planned.out


def test_hooks_run_when_something_was_started_until_they_have_ended_well(project: Make) -> None:
    made = project("")
    hook = 'sh -c \\"echo said by the hook; echo $CACHE_URL >> hooked; test -e fine\\"'
    made.write(
        f'[services.cache]\n{REDIS}\n[env]\nCACHE_URL = "{{{{ services.cache.url }}}}"\n'
        f'[hooks]\npost_up = ["{hook}", ["no-such-program"]]\n'
    )
    (made.root / "below").mkdir()
    first = devenv(made, "-C", "below", "up", "-j")
    assert first.code == 1
    assert "ended with code 1\nthe services are up; 'devenv up' runs the hooks again\n" in first.err
    assert "ended with code 1" in first.document["error"]["problems"][0]["message"]
    assert "said by the hook" in first.err
    made.file("fine", "")
    second = devenv(made, "up")
    assert second.code == 1
    assert "program 'no-such-program' not found" in second.err
    manifest = (made.root / "devenv.toml").read_text().replace(', ["no-such-program"]', "")
    made.file("devenv.toml", manifest)
    well(devenv(made, "up"))
    assert (made.root / "hooked").read_text() == f"{made.url('cache')}\n" * 3
    assert "nothing to do" in well(devenv(made, "up")).err
    assert (made.root / "hooked").read_text() == f"{made.url('cache')}\n" * 3
    well(devenv(made, "stop"))
    well(devenv(made, "up"))
    assert (made.root / "hooked").read_text() == f"{made.url('cache')}\n" * 4
    made.file("devenv.toml", manifest.replace("said by the hook", "said by another hook"))
    planned = well(devenv(made, "sync", "--no-read", "--dry-run"))
    assert "  + run hook sh -c 'echo said by another hook" in planned.out
    refused = devenv(made, "sync", "--no-read", "--yes", DEVENV_TRUST="")
    assert (refused.code, "said by another hook" in refused.err) == (6, True)
    assert "said by another hook\n" in well(devenv(made, "sync", "--no-read", "--yes")).err
    assert "nothing to do" in well(devenv(made, "sync", "--no-read", "--yes")).err
    assert "nothing to do" in well(devenv(made, "up")).err


# --- stop, down, reset, wait, status


def test_stop_down_and_wait(shop: Project) -> None:
    clients.redis_write(shop.url("cache"))
    assert "serves 7.0.15" in well(devenv(shop, "wait")).err
    assert well(devenv(shop, "stop", "db")).err == "stopped db; data is kept\n"
    assert well(devenv(shop, "stop", "db")).err == "no service was running\n"
    idle = devenv(shop, "wait")
    assert (idle.code, "db is not running\n  devenv up db" in idle.err) == (1, True)
    assert devenv(shop, "stop", "nobody").code == 2
    assert "  ▸ start db: has stopped\n" in well(devenv(shop, "up")).err
    down = well(devenv(shop, "down")).err
    assert "removed cache, db\n" in down
    assert f"{shop.name}_cache-redis-7.0" in down
    assert (containers(shop), docker("network", "ls", "--quiet", "--filter", f"name={shop.name}_")) == ([], "")
    assert well(devenv(shop, "down")).err == "nothing was there\n"
    well(devenv(shop, "up"))
    assert clients.redis_read(shop.url("cache")) == clients.VALUE


def test_down_leaves_an_ides_workspace_alone(shop: Project) -> None:
    """A container of the same Compose project that devenv did not make."""
    label = ["--label", f"com.docker.compose.project={shop.name}", "--label", "com.docker.compose.service=workspace"]
    image = docker("inspect", "--format", "{{.Image}}", f"{shop.name}-cache-1").strip()
    name = f"{shop.name}-workspace-1"
    docker("run", "--detach", "--name", name, *label, "--network", f"{shop.name}_default", image, "sleep", "600")
    well(devenv(shop, "stop"))
    assert running(shop) == {"workspace"}
    assert f"left alone, with the network: {name}\n" in well(devenv(shop, "down")).err
    assert containers(shop) == [name]
    docker("rm", "--force", name)


def test_reset_asks_and_says_what_is_lost(shop: Project) -> None:
    volume = f"{shop.name}_db-postgres-15"
    clients.postgres(shop.url("db"), "CREATE TABLE IF NOT EXISTS lost ()")
    without = devenv(shop, "reset", "--no-snapshot", "db")
    assert (
        without.code,
        "confirmation needed, but there is no terminal\n  devenv reset --no-snapshot --yes db" in without.err,
    ) == (
        6,
        True,
    )
    for answer, code in (("n\r", 6), ("\r", 6), ("\x04", 130)):
        asked = Terminal(shop, "reset", "--no-snapshot", "db")
        asked.says("Delete it?")
        asked.types(answer)
        assert asked.end() == code
        assert f"all data of db in {volume} will be lost, for good" in asked.said
        assert "nothing was changed" in asked.said or code == 130
        assert volume in volumes(shop)
    assert devenv(shop, "reset", "-y", "nobody").code == 2
    sure = Terminal(shop, "reset", "--no-snapshot", "db")
    sure.says("Delete it?")
    sure.types("y\r")
    assert sure.end() == 0
    assert volume not in volumes(shop)
    assert running(shop) == {"cache"}
    gone = well(devenv(shop, "reset", "--no-snapshot", "-y", "db"))
    assert gone.err == "db has no data here; nothing was changed\n"
    well(devenv(shop, "up"))
    found = clients.postgres(shop.url("db"), "SELECT count(*) FROM pg_database WHERE datname IN ('shop', 'shop_test')")
    assert found == 2  # what was made once is made again
    assert clients.postgres(shop.url("db"), "SELECT to_regclass('lost')") is None


def test_status(shop: Project) -> None:
    good = devenv(shop, "status", "--exit-code")
    tried = r"logins and databases of db: last tried \d+ (s|min) ago; 'devenv status --deep' tries them now\n"
    assert good.code == 0
    assert re.fullmatch(f"everything matches devenv.toml and devenv.lock\n{tried}", good.err)
    assert well(devenv(shop, "status", "--deep")).err == "everything matches devenv.toml and devenv.lock\n"
    assert re.search(r"^db +postgres +15 +15 +ready +127\.0\.0\.1:\d+$", good.out, re.MULTILINE)
    document = devenv(shop, "status", "-j", "cache").document
    assert (document["schema_version"], document["in_sync"]) == (2, True)
    assert [service["service"] for service in document["services"]] == ["cache"]
    docker("kill", f"{shop.name}-db-1")
    docker("update", "--restart", "always", f"{shop.name}-cache-1")
    dead = devenv(shop, "status", "--exit-code")
    assert "≠ cache: restart policy no → always by hand" in dead.out
    assert (dead.code, "exited (code 137)" in dead.out, "'devenv up' brings it in step" in dead.err) == (3, True, True)
    assert devenv(shop, "status").code == 0
    assert devenv(shop, "status", "nobody").code == 2
    well(devenv(shop, "up"))
    restart = docker("inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", f"{shop.name}-cache-1").strip()
    assert restart in ("", "no")
    Store(shop.root / "state", shop.root).journal({"verb": "sync"})  # of one that was killed with nothing left to do
    first, second = (well(devenv(shop, "up")).err for _ in range(2))
    unfinished = "the last 'devenv sync' did not come to its end"
    assert (unfinished in first, unfinished in second) == (True, False)


# --- logs, exec, client


def test_logs(shop: Project) -> None:
    both = well(devenv(shop, "logs")).out
    assert "Ready to accept connections" in both
    assert "ready to accept connections" in both
    one = well(devenv(shop, "logs", "--tail", "1", "cache")).out
    assert one.count("\n") == 1
    assert well(devenv(shop, "logs", "--since", "0s", "cache")).out == ""
    wrong = devenv(shop, "logs", "--tail", "some")
    assert (wrong.code, "a number of lines, or all" in wrong.err) == (2, True)
    assert devenv(shop, "logs", "nobody").code == 2
    follow = Running(shop, "logs", "--follow", "--tail", "0", "cache")
    well(devenv(shop, "stop", "cache"))
    assert "bye bye" in follow.end().out


def test_exec_and_client(shop: Project) -> None:
    assert well(devenv(shop, "exec", "db", "--", "sh", "-c", "echo $0 one two")).out == "sh one two\n"
    assert well(devenv(shop, "exec", "db", "cat", input="through")).out == "through"
    assert devenv(shop, "exec", "db", "--", "sh", "-c", "exit 9").code == 9
    assert devenv(shop, "exec", "db").code == 2
    assert devenv(shop, "exec", "nobody", "true").code == 2
    assert well(devenv(shop, "client", "db", "--", "-tAc", "select 6*7")).out == "42\n"
    assert well(devenv(shop, "client", "db", input="select 'piped';")).out.count("piped") == 1
    assert well(devenv(shop, "client", "cache", "--", "PING")).out == "PONG\n"
    typed = Terminal(shop, "client", "db")
    typed.says("shop=#")
    typed.types("select pg_sleep(600);\r")
    typed.says("pg_sleep(600)")
    typed.reads()
    typed.types("\x03")  # is psql's: it gives up the query and stays
    typed.says("canceling statement due to user request")
    typed.types("\\q\r")
    assert typed.end() == 0
    well(devenv(shop, "stop", "db"))
    for words in ("exec db -- true", "client db"):
        ended = devenv(shop, *words.split())
        assert (ended.code, "db has stopped (exit code 0)\n  devenv up db" in ended.err) == (1, True)


# --- env, run, url


def test_env_in_all_its_forms(shop: Project) -> None:
    wanted = {"CACHE_URL": shop.url("cache"), "DATABASE_URL": shop.url("db"), "ODD": "it's $HOME\n%"}
    assert devenv(shop, "env", "--format", "json").document["env"] == wanted
    script = 'eval "$1"; for name in CACHE_URL DATABASE_URL ODD; do printf "%s\\0" "$(printenv $name)"; done'
    export = well(devenv(shop, "env", "--format", "export")).out
    said = subprocess.check_output(["sh", "-c", script, "sh", export], text=True).split("\0")[:-1]
    assert dict(zip(wanted, said, strict=True)) == wanted
    shop.file("env", well(devenv(shop, "env")).out)
    code = "set -a; . ./env; printenv CACHE_URL DATABASE_URL"
    assert subprocess.check_output(["bash", "-c", code], cwd=shop.root, text=True).split() == list(wanted.values())[:2]
    assert devenv(shop, "env", "--format", "yaml").code == 2


def test_run_and_url(shop: Project) -> None:
    assert well(devenv(shop, "run", "--", "printenv", "CACHE_URL")).out == f"{shop.url('cache')}\n"
    assert well(devenv(shop, "run", "sh", "-c", "cat; exit 0", input="through")).out == "through"
    assert devenv(shop, "run", "--", "sh", "-c", "exit 7").code == 7
    assert devenv(shop, "run", "--", "sh", "-c", "kill -TERM $$").code == 128 + 15
    missing = devenv(shop, "run", "--", "no-such-program")
    assert (missing.code, "program 'no-such-program' not found" in missing.err) == (127, True)
    assert devenv(shop, "run").code == 2
    assert clients.postgres(shop.url("db"), "SELECT current_database()") == "shop"
    assert well(devenv(shop, "url", "db", "database")).out == "shop\n"
    wrong = devenv(shop, "url", "db", "colour")
    assert (wrong.code, "db provides no 'colour'\n  it provides: " in wrong.err) == (2, True)
    assert devenv(shop, "url", "nobody").code == 2


def test_render_and_lock_and_compose_by_hand(shop: Project) -> None:
    compose = (shop.root / ".devenv" / "compose.yaml").read_text()
    assert well(devenv(shop, "render", "--stdout")).out == compose
    assert well(devenv(shop, "render", "--check")).err == "All generated files match devenv.toml.\n"
    assert well(devenv(shop, "render")).err == "nothing to do\n"
    assert well(devenv(shop, "lock", "--check")).err == "devenv.lock holds every image\n"
    assert json.loads(well(devenv(shop, "lock", "-j")).out)["changed"] is False
    shop.write(MANIFEST.replace(POSTGRES, f"{POSTGRES}settings = {{ max_connections = 50 }}\n"))
    stale = devenv(shop, "render", "--check")
    assert (stale.code, ".devenv/compose.yaml is stale\n  devenv render" in stale.err) == (3, True)
    assert "  ~ .devenv/compose.yaml\n" in well(devenv(shop, "render")).err
    by_hand = ["docker", "compose", "--file", ".devenv/compose.yaml", "ps", "--services"]
    assert subprocess.check_output(by_hand, cwd=shop.root, text=True).split() == ["cache", "db"]


def test_services_that_only_the_users_own_compose_file_has(project: Make) -> None:
    """They come and go with the others; Compose fetches their images."""
    made = project(f"[services.cache]\n{REDIS}")
    image = f"{MIRROR}/library/memcached:1.6.18"
    own = f'services:\n  sessions:\n    image: "{image}"\n'
    made.file(".devenv/compose.override.yaml", own)
    assert "+ add sessions: compose.override.yaml has it" in well(devenv(made, "up")).err
    assert running(made) == {"cache", "sessions"}
    assert "nothing to do" in well(devenv(made, "up")).err
    assert "only compose.override.yaml has sessions" in well(devenv(made, "status", "--exit-code")).err
    docker("kill", made.container("sessions"))
    assert "≠ sessions: has stopped (exit code 137)" in devenv(made, "status").out
    made.file(".devenv/compose.override.yaml", own + "    environment: { MORE: memory }\n")
    before = made.container("sessions")
    assert "+ add sessions: compose.override.yaml says something else now" in well(devenv(made, "up")).err
    assert made.container("sessions") != before
    well(devenv(made, "stop"))
    assert running(made) == set()
    well(devenv(made, "up"))
    (made.root / ".devenv/compose.override.yaml").unlink()
    assert "≠ sessions runs and is no longer in compose.override.yaml" in devenv(made, "status").out
    assert "- stop sessions: no longer in compose.override.yaml" in well(devenv(made, "up")).err
    assert running(made) == {"cache"}
    made.file(".devenv/compose.override.yaml", own)
    well(devenv(made, "up"))
    well(devenv(made, "down"))
    assert containers(made) == []
