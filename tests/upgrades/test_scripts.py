"""Every script that runs inside a server's container: that it is one for any shell, used, and packaged."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

import devenv
from devenv.census import END
from devenv.effects.files import templates_root
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, Do, Recipe, Refusal, Step
from devenv.upgrades import registry
from tests.making import kinds, resolved

FOLDER = templates_root() / "upgrades"
PACKAGE = Path(devenv.__file__).parent
SCRIPTS = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.sh"))
#: What only bash, or only one sed or grep, knows.
BASHISMS = {
    "[[": r"\[\[ ",
    "local": r"^\s*local ",
    "function": r"^\s*function \w+ *\{",
    "pipefail": r"pipefail",
    "==": r"\[ [^\]]* == ",
    "<<<": r"<<<",
    "<(": r"[^$]<\(",
    "&>": r"&>",
    "$'": r"\$'[^'\"]*\\[nt]",
    "source": r"^\s*source ",
    "echo -e": r"echo -[en]",
    "read without -r": r"^\s*(?:while |until )?(?:IFS=\S* )?read (?!-r)",
    "sed -i": r"\bsed -i",
    "grep -P": r"\bgrep -\w*P",
}
#: Versions that the catalogue does not name, from which there are other ways.
FURTHER = {"elasticsearch": ("5.0.0", "6.2.0", "7.0.0", "7.10.2"), "mongodb": ("3.6",)}


@functools.cache
def services() -> dict[str, list[ResolvedService]]:
    """Kind -> a service of every version that is known."""
    found = {}
    for name in sorted({name for pair in registry.WAYS for name in pair}):
        known = (*FURTHER.get(name, ()), *kinds(name)[name].versions)
        found[name] = [service(name, version) for version in known]
    return found


@functools.cache
def service(kind: str, version: str) -> ResolvedService:
    return resolved(f'[services.any]\nkind = "{kind}"\nversion = "{version}"\n').services["any"]


def recipes() -> Iterator[tuple[str, Recipe]]:
    """The recipe of every route between known versions, with the servers of its stops."""
    known = services()
    for old_kind, new_kind in registry.WAYS:
        for old, new in product(known[old_kind], known[new_kind]):
            routes = registry.routes(old, new)
            for route in () if isinstance(routes, Refusal) else routes:
                hops = [service(old_kind, stop) for stop in route.stops]
                yield f"{old_kind} {old.version} → {new_kind} {new.version}", registry.recipe(route, old, new, hops)


@pytest.fixture(scope="module")
def every() -> list[tuple[str, Recipe]]:
    return list(recipes())


def read(script: str) -> str:
    return (FOLDER / script).read_text(encoding="utf-8")


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("shell", [name for name in ("sh", "dash", "busybox") if shutil.which(name)])
@pytest.mark.parametrize("script", SCRIPTS)
def test_any_shell_reads_it(script: str, shell: str) -> None:
    words = ["busybox", "sh"] if shell == "busybox" else [shell]
    done = subprocess.run([*words, "-n"], input=read(script), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_is_written_for_any_shell(script: str) -> None:
    lines = re.sub(r"<<'(\w+)'.*?^\1$", "", read(script), flags=re.DOTALL | re.MULTILINE).splitlines()
    found = {name: line for name, pattern in BASHISMS.items() for line in lines if re.search(pattern, line)}
    assert found == {}


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_ends_at_the_first_thing_that_fails(script: str) -> None:
    first = next(line for line in read(script).splitlines() if not line.startswith("#"))
    assert first == "set -eu"


@pytest.mark.parametrize("script", [name for name in SCRIPTS if name.endswith("census.sh")])
def test_a_census_says_that_it_came_to_its_end(script: str) -> None:
    assert read(script).splitlines()[-1] == f"echo '{END}'"


def test_scripts_are_there_and_used(every: list[tuple[str, Recipe]]) -> None:
    named = {step.script for _, recipe in every for step in recipe.steps if step.script}
    assert named <= set(SCRIPTS)
    # Snapshots as files run some of their own, by name.
    code = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert {script for script in set(SCRIPTS) - named if script.rpartition("/")[2] not in code} == set()


def test_a_script_gets_every_variable_that_it_asks_for(every: list[tuple[str, Recipe]]) -> None:
    lacking = set()
    for name, recipe in every:
        environment = {server.name: _variables(server.service) for server in recipe.servers}
        for step in recipe.steps:
            if step.script:
                text = read(step.script)
                asked = set(re.findall(r"\$\{?(DEVENV_\w+)", text)) - set(re.findall(r"\$\{(DEVENV_\w+):-", text))
                if missing := asked - step.values.keys() - environment[step.server]:
                    lacking.add((name, step.script, *sorted(missing)))
    assert lacking == set()


def _variables(service: ResolvedService) -> set[str]:
    """What is in the environment of the container itself, and of what is run in it."""
    return set(re.findall(r"(?m)^\s*(DEVENV_\w+):", service.kind.fragment))


def test_recipes_hold_together(every: list[tuple[str, Recipe]]) -> None:
    for name, recipe in every:
        there = {server.name for server in recipe.servers}
        assert there >= {step.server for step in recipe.steps if step.do is not Do.COPY}, name
        assert len(there) == len(recipe.servers), name
        censuses = [step.server for step in recipe.steps if step.do is Do.CENSUS]
        assert censuses == ["old", "new"], name
        idle = {server.name for server in recipe.servers if server.idle}
        served = [step.server for step in recipe.steps if step.do is Do.SERVE and step.server not in idle]
        stopped = [step.server for step in recipe.steps if step.do is Do.STOP]
        assert sorted(served) == sorted(stopped), name


def portable() -> Iterator[tuple[str, Recipe]]:
    """How data is written into an archive, and how it is read from one."""
    known = services()
    for kind, module in registry.PORTABLE.items():
        for each in known[kind]:
            yield f"pack {kind} {each.version}", module.pack(each)
            yield f"unpack {kind} {each.version}", module.unpack(each)


def test_data_is_copied_before_anything_reads_the_copy(every: list[tuple[str, Recipe]]) -> None:
    """A server that starts on an empty copy makes new data, and all that follows finds nothing missing in it."""
    wrong = []
    for name, recipe in (*every, *portable()):
        copies = [number for number, step in enumerate(recipe.steps) if step.do is Do.COPY]
        reading = {server.name for server in recipe.servers if COPY in server.mounts.values()}
        idle = {server.name for server in recipe.servers if server.idle}
        first = next((number for number, step in enumerate(recipe.steps) if _reads(step, reading, idle)), None)
        if len(copies) != bool(reading) or (first is not None and copies[0] > first):
            wrong.append(name)
    assert wrong == []


def _reads(step: Step, reading: set[str], idle: set[str]) -> bool:
    """Whether a step reads the copy; to start what only lends its programs does not."""
    return step.server in reading and not (step.do is Do.START and step.server in idle)


def test_an_archive_is_counted_and_filled_from_a_server_on_the_copy() -> None:
    for name, recipe in portable():
        done = [(step.do, step.script) for step in recipe.steps]
        census = [number for number, (do, _) in enumerate(done) if do is Do.CENSUS]
        assert len(census) == 1, name
        assert done[-1][0] is Do.STOP, name
        if name.startswith("pack"):
            assert census[0] < done.index((Do.RUN, "postgres/dump.sh")), name
            assert recipe.result == registry.DUMP, name
        else:
            assert done.index((Do.RUN, "postgres/restore.sh")) < census[0], name


def test_every_kind_with_data_has_a_way() -> None:
    keeping = {name for name, kind in kinds().items() if kind.data}
    assert {name for name in keeping if (name, name) not in registry.WAYS} == set()


def test_what_is_called_verified_is_gone_by_the_engines_tests() -> None:
    tests = "".join(
        path.read_text(encoding="utf-8") for path in (Path(__file__).parents[1] / "engine").glob("test_upgrade*.py")
    )
    known = services()
    verified = {
        kind
        for (kind, then) in registry.WAYS
        for old, new in product(known[kind], known[then])
        if not isinstance(routes := registry.routes(old, new), Refusal) and any(route.verified for route in routes)
    }
    assert {kind for kind in verified if f'"{kind}"' not in tests} == set()
