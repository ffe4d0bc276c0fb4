"""The runtimes that production's application is built on: Dockerfiles, and what version managers and package managers
are told. What states only a range states no version."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from devenv.document import Document, is_of_lines, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Status, Trust
from devenv.sources.dockerfile import read_dockerfile
from devenv.sources.images import Unresolved, read_image
from devenv.sources.known import Known
from devenv.sources.precision import stated

_NAME = "runtimes"
#: Files of one version: name -> runtime.
_ONE = {".python-version": "python", ".nvmrc": "node", ".node-version": "node", ".ruby-version": "ruby",
        ".java-version": "java", ".go-version": "go", ".php-version": "php"}  # fmt: skip
#: What asdf and mise call them.
TOOLS = {"python": "python", "nodejs": "node", "node": "node", "ruby": "ruby", "golang": "go", "go": "go",
          "java": "java", "php": "php", "rust": "rust"}  # fmt: skip
RUNTIMES = frozenset(TOOLS.values())
#: Keys of package.json's ``engines`` and composer.json's ``require``.
_RANGES = {"package.json": ("engines", {"node": "node"}), "composer.json": ("require", {"php": "php"})}
_GO = re.compile(r"^\s*(?P<key>toolchain\s+go|go\s+)(?P<version>\d+(?:\.\d+){1,2})\s*$")
_RUBY = re.compile(r"""^\s*ruby\s+["'](?P<version>[^"']+)["']""")
#: One version, written as a range of one: ``==3.12.4``, ``20.11.1``, ``3.12.*``, ``20.x``.
_EXACT = re.compile(r"^\s*(?:==|=)?\s*v?(?P<version>\d+(?:\.\d+)*)(?:\.[*xX])?\s*$")
#: What may be repeated, since it can be nothing else.
_RANGE = re.compile(r"[\s\d.<>=~^|,*xX!-]{1,40}")
#: Lines that anybody has.
_LINES = 5000


def recognises(document: Document) -> bool:
    """By name: these files say of themselves nothing else."""
    return _reader(document) is not None


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """A fact for each runtime that a file speaks of."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        if is_dockerfile(document.name):
            found, said = _of_dockerfile(document, known)
            facts += found
            notes += said
        elif reader := _reader(document):
            facts += [stated_fact(document, _NAME, *told) for told in reader(document)]
    return Reading(tuple(facts), tuple(notes))


def is_dockerfile(name: str) -> bool:
    """``Dockerfile``, ``Dockerfile.prod``, ``api.Dockerfile``, ``Containerfile``."""
    return name.startswith(("Dockerfile", "Containerfile")) or name.endswith(".Dockerfile")


#: No version or range of versions is longer.
_LONGEST = 100
#: (runtime, what is stated, the attribute that states it)
_Told = tuple[str, str, str]


def _reader(document: Document) -> Callable[[Document], Iterator[_Told]] | None:
    name = document.name
    if name in _ONE or name in ("Gemfile", "go.mod") or (is_of_lines(name) and is_dockerfile(name)):
        return {"Gemfile": _of_gemfile, "go.mod": _of_go}.get(name, _of_one)
    if name in _RANGES and document.format == "json" and table(document.value):
        return _of_ranges
    if name == "pyproject.toml" and text_at(document.value, "project", "requires-python"):
        return _of_pyproject
    return None


def _lines(document: Document) -> Iterator[str]:
    return (str(line) for line in document.values[:_LINES])


def _of_one(document: Document) -> Iterator[_Told]:
    for line in _lines(document):
        if line.strip() and not line.lstrip().startswith("#"):
            yield _ONE[document.name], line.strip().split("-")[-1] if "-" in line else line.strip(), ""
            return


def _of_gemfile(document: Document) -> Iterator[_Told]:
    for line in _lines(document):
        if match := _RUBY.match(line):
            yield "ruby", match["version"], "ruby"


def _of_go(document: Document) -> Iterator[_Told]:
    """The toolchain before the language's version, which is the least one."""
    found = {match["key"].split()[0]: match["version"] for line in _lines(document) if (match := _GO.match(line))}
    if found:
        key = "toolchain" if "toolchain" in found else "go"
        yield "go", found[key], key


def _of_ranges(document: Document) -> Iterator[_Told]:
    place, names = _RANGES[document.name]
    for name, runtime in names.items():
        if text := text_at(document.value, place, name):
            yield runtime, text, f"{place}.{name}"


def _of_pyproject(document: Document) -> Iterator[_Told]:
    yield "python", text_at(document.value, "project", "requires-python"), "project.requires-python"


def stated_fact(document: Document, source: str, runtime: str, text: str, attribute: str) -> Fact:
    """The fact that a file states a version, or a range of which nothing follows."""
    evidence = Evidence(source, document.file, "", attribute, document.day)
    text = text if len(text) <= _LONGEST else ""
    match = _EXACT.match(text)
    version, precision = stated(runtime, match["version"] if match else "")
    note = ""
    if not version:
        note = f"states only a range: {text}" if _RANGE.fullmatch(text) else "states no version"
    status = Status.ACTUAL if version else Status.UNKNOWN
    return Fact(runtime, evidence, version, precision, status=status, note=note, trust=Trust.DECLARED)


def _of_dockerfile(document: Document, known: Known) -> tuple[list[Fact], list[Note]]:
    """The image that the last stage comes down to, and those of other stages, which production builds with."""
    built = read_dockerfile(document.values)
    if not built.images:
        return [], [Note("holds no FROM", document.file, failed=True)]
    last = built.base()
    images = dict.fromkeys([last, *(image for image in built.images if image.lower() not in built.stages)])
    facts: list[Fact] = []
    notes: list[Note] = []
    for image in images:
        fact, said = _of_image(document, image, built.arguments, known, last=image == last)
        facts += [fact] if fact and all(fact.kind != other.kind for other in facts) else []
        notes += said
    return facts, notes


def _of_image(
    document: Document, reference: str, arguments: Mapping[str, str], known: Known, *, last: bool
) -> tuple[Fact | None, list[Note]]:
    try:
        image = read_image(reference, known, arguments)
    except Unresolved as error:
        said = f"{reference}: the {error.shown} is not filled in, so the version is unknown"
        return None, [Note(said, document.file)]
    if image is None:
        return None, []
    evidence = Evidence(_NAME, document.file, "", "FROM", document.day)
    status = Status.ACTUAL if image.version else Status.UNKNOWN
    note = image.note or ("" if last else "of a stage that builds")
    return Fact(
        image.kind, evidence, image.version, image.precision, status=status, note=note, trust=Trust.RENDERED
    ), []
