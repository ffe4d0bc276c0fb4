"""The rules of the house, checked rather than remembered."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from devenv import __version__

PACKAGE = Path(__file__).parent.parent / "devenv"
MODULES = {
    path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
#: Lower number: higher floor. Arrows go down or stay on a floor without circles.
FLOORS = (
    ("devenv.__main__",),
    ("devenv.cli",),
    ("devenv.commands",),
    ("devenv.journeys.rollback", "devenv.journeys.rehearsal", "devenv.journeys.init"),
    ("devenv.journeys.sync_apply",),
    ("devenv.journeys.sync",),
    ("devenv.journeys.up", "devenv.journeys.seed", "devenv.journeys", "devenv.parity"),
    (
        "devenv.standing",
        "devenv.generated_files",
        "devenv.pinning",
        "devenv.waiting",
        "devenv.production",
        "devenv.trust",
        "devenv.settings_guard",
        "devenv.data",
    ),
    ("devenv.addresses",),
    ("devenv.project",),
    ("devenv.kinds", "devenv.configuration", "devenv.effective"),
    ("devenv.stages",),
    ("devenv.targets", "devenv.sources", "devenv.upgrades", "devenv.schema", "devenv.catalog"),
    ("devenv.effects", "devenv.console"),
    (
        "devenv.references",
        "devenv.census",
        "devenv.templating",
        "devenv.document",
        "devenv.tomldoc",
        "devenv.tomledit",
        "devenv.yamlio",
        "devenv.yamlwrite",
        "devenv.nesting",
    ),
    ("devenv.errors",),
    ("devenv.model", "devenv"),
)
PURE = (
    "devenv.stages",
    "devenv.targets",
    "devenv.sources",
    "devenv.upgrades",
    "devenv.document",
    "devenv.nesting",
    "devenv.schema",
    "devenv.catalog",
    "devenv.model",
    "devenv.references",
    "devenv.census",
)
#: What a pure module may not know of.
WORLDLY = {"os", "sys", "subprocess", "socket", "pathlib", "shutil", "tempfile", "time", "threading", "random"}
LARGEST_MODULE, LARGEST_FUNCTION = 400, 60
#: Names of two classes each: a place of a source and of a project's data, a step of a plan and of a recipe.
TWICE = {"Place", "Step"}


def imports(module: str) -> set[str]:
    """All that a module imports, wherever in it, as full names."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return found


def floor(module: str) -> int:
    for number, names in enumerate(FLOORS):
        if any(module == name or (name != "devenv" and module.startswith(f"{name}.")) for name in names):
            return number
    raise AssertionError(f"{module} is on no floor: give it one in FLOORS")


def test_a_class_has_a_name_of_its_own() -> None:
    names: list[str] = []
    for path in MODULES.values():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names += [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert {name for name, count in Counter(names).items() if count > 1} == TWICE


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_down(module: str) -> None:
    upward = {name for name in imports(module) if name in MODULES and floor(name) < floor(module)}
    if module.startswith("devenv.commands"):
        upward -= {"devenv.cli"} if module == "devenv.commands.completion" else set()  # it describes the program itself
    assert upward == set()


def test_no_circle() -> None:
    graph = {module: {name for name in imports(module) if name in MODULES} - {module} for module in MODULES}
    graph["devenv.commands.completion"].discard("devenv.cli")
    while leaves := [module for module, needed in graph.items() if not needed]:
        for leaf in leaves:
            del graph[leaf]
        for needed in graph.values():
            needed.difference_update(leaves)
    assert graph == {}


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.startswith(PURE)))
def test_pure_modules_know_nothing_of_the_world(module: str) -> None:
    known = {name.partition(".")[0] for name in imports(module)} & WORLDLY
    effects = {name for name in imports(module) if name.startswith(("devenv.effects", "devenv.console"))}
    assert known | effects == set()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_and_functions_stay_small(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    assert text.count("\n") <= LARGEST_MODULE
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    large = {item.name for item in functions if (item.end_lineno or 0) - item.lineno + 1 > LARGEST_FUNCTION}
    assert large == set()


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("verb", ["--version", "env --help"])
def test_what_is_slow_is_not_imported_by_what_is_typed_all_day(verb: str) -> None:
    code = (
        "import sys; from devenv.cli import main; main(sys.argv[1].split());"
        "slow = {'pydantic', 'rich', 'jinja2', 'python_on_whales', 'tomlkit', 'yaml'};"
        "print('SLOW', sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, verb], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "SLOW []"


#: What `up` and `status` import where nothing is to be done, in their own words.
_TYPED_ALL_DAY = {
    "up": "devenv.commands.up devenv.data.recovery devenv.data.seeding devenv.journeys.up devenv.trust devenv.waiting",
    "behind": "devenv.commands.behind devenv.parity devenv.standing",
    "env": "devenv.commands.env devenv.addresses devenv.project devenv.stages.connect",
    "status": "devenv.commands.status devenv.parity devenv.standing devenv.effects.promises devenv.effects.live_line",
}


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("verb", _TYPED_ALL_DAY)
def test_what_looks_at_this_machine_alone_imports_nothing_that_looks_elsewhere(verb: str) -> None:
    """No reader of production, no registry, no TLS, and none of the large libraries."""
    code = (
        "import sys, importlib; [importlib.import_module(name) for name in sys.argv[1].split()];"
        "slow = {'pydantic', 'rich', 'jinja2', 'python_on_whales', 'tomlkit', 'yaml', 'http.client', 'ssl', 'pg8000'};"
        "slow |= {'logging', 'tempfile', 'random', 'devenv.effects.workbench', 'devenv.model.upgrade'};"
        "print(sorted(name for name in sys.modules if name in slow or name.startswith('devenv.sources')))"
    )
    words = [sys.executable, "-c", code, _TYPED_ALL_DAY[verb]]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_said_at_once(option: str) -> None:
    """Before anything is imported that could be spared."""
    code = (
        "import sys; from devenv.__main__ import main; code = main();"
        "print(code, 'click' in sys.modules, 'dataclasses' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, option], capture_output=True, text=True, check=True)
    assert done.stdout == f"devenv {__version__}\n0 False False\n"
