"""Helm charts -> what they install: by the values that they are given, else by a table of what each release held."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from devenv.document import at, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Precision, Trust
from devenv.model.record import record
from devenv.sources.allowed import allowed
from devenv.sources.clients import is_client
from devenv.sources.image_facts import Sighting, fact_of, fact_of_image, unresolved
from devenv.sources.images import Image, Unresolved, kind_named, read_as
from devenv.sources.known import Known
from devenv.sources.precision import stated
from devenv.sources.settings_text import Pairs, flat, pairs
from devenv.sources.variables import gap_in, with_gaps


@record
class Chart:
    """A chart that somebody wants installed. ``version`` is the chart's; ``repository`` says where it is from, in
    whatever words the file has for that; ``app`` is what it installs where that is stated."""

    name: str
    version: str
    evidence: Evidence
    trust: Trust
    release: str = ""
    repository: str = ""
    app: str = ""
    values: Any = None
    #: Where the values stand, if not where the chart does.
    values_at: Evidence | None = None


#: Charts of several servers that are of one kind all the same.
_SEVERAL = re.compile(r"-(?:ha|cluster|galera|sharded)$")
_EXACT = re.compile(r"[v=]?\s?(\d+)\.(\d+)\.(\d+)(?:[-+][\w.+-]+)?")
#: No version is longer; what is has no business in a message.
_LONGEST = 60
_DEEPEST = 20


def kind_of(name: str, known: Known) -> str:
    """The kind of service that a chart installs; "" for an application's or an operator's."""
    return kind_named(_SEVERAL.sub("", name), known) if re.fullmatch(r"[\w.-]+", name) else ""


def is_range(version: str) -> bool:
    """Whether a version leaves open which release of a chart it is."""
    return _EXACT.fullmatch(version.strip()) is None


def chart_fact(chart: Chart, known: Known) -> tuple[Fact | None, tuple[Note, ...]]:
    """The service that a chart installs: the image in its values decides, then what is stated, then the table."""
    kind = kind_of(chart.name, known)
    if not kind or disabled(chart.values, ("",)):
        return None, ()
    chart, unclear = _filled(chart)
    fact, notes = _by_image(chart, kind, known)
    notes = (*unclear, *notes)
    if fact is None or not fact.version:
        fact = _by_release(chart, kind, known)
    settings, plugins = chart_settings(kind, chart.values)
    return replace(fact, settings=settings, plugins=plugins if plugins is not None else fact.plugins), notes


def _filled(chart: Chart) -> tuple[Chart, tuple[Note, ...]]:
    version = with_gaps(chart.version)
    if name := gap_in(version):
        return replace(chart, version=""), (unresolved(Unresolved(name), chart.evidence),)
    return replace(chart, version=version), ()


def _by_image(chart: Chart, kind: str, known: Known) -> tuple[Fact | None, tuple[Note, ...]]:
    tag = text_at(chart.values, "image", "tag") or text_at(chart.values, "imageTag")
    if not tag:
        return None, ()
    evidence = replace(chart.values_at or chart.evidence, attribute="image.tag")
    repository = (
        text_at(chart.values, "image", "repository") or text_at(chart.values, "image") or f"bitnami/{chart.name}"
    )
    try:
        image = read_as(kind, f"{repository}:{tag}", known)
    except Unresolved as error:
        return None, (unresolved(error, evidence),)
    return fact_of_image(image, evidence, chart.trust, chart.release or chart.name), ()


def _by_release(chart: Chart, kind: str, known: Known) -> Fact:
    if chart.app:
        version, precision, note = *stated(kind, chart.app[:_LONGEST]), ""
    else:
        version, precision, note = _of_table(chart, kind, known)
    image = Image(kind, version, precision, note=note)
    return fact_of_image(image, chart.evidence, chart.trust, chart.release or chart.name)


def _of_table(chart: Chart, kind: str, known: Known) -> tuple[str, Precision, str]:
    """(version, precision, note) of what a release of a chart installed."""
    unknown = f"chart {chart.name} does not say which version it installs; 'helm list -o json' does"
    if is_range(chart.version) or len(chart.version) > _LONGEST:
        return "", Precision.NONE, unknown
    if "helm.elastic.co" in chart.repository:  # numbered as what they install
        return *stated(kind, chart.version), ""
    foreign = chart.repository and "bitnami" not in chart.repository.lower()
    releases = known.charts.get(chart.name, ())
    if foreign or not releases:
        return "", Precision.NONE, unknown
    wanted = _numbers(chart.version)
    earlier = [(number, app) for number, app in releases if _numbers(number) <= wanted]
    last = _numbers(releases[-1][0])
    if not earlier or wanted[0] > last[0]:
        return "", Precision.NONE, f"devenv's table does not hold chart {chart.name} {chart.version}; ask helm list"
    version, precision = stated(kind, earlier[-1][1])
    beyond = f"; devenv's table ends at {releases[-1][0]}" if wanted > last else ""
    return version, precision, f"chart {chart.name} {chart.version} installs {version}{beyond}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d{1,9}", version.partition("-")[0])[:3]) or (0,)


@record
class _Held:
    """Settings among a chart's values: where, and how they are written."""

    path: str
    read: Callable[[str, Any], Pairs]


def _text(kind: str, value: Any) -> Pairs:
    """The text of the server's configuration file; some charts take a tree in its place."""
    return pairs(kind, value) if isinstance(value, str) else flat(value)


def _preloaded(kind: str, value: Any) -> Pairs:
    return [("shared_preload_libraries", value)] if isinstance(value, str) else []


_OF_MYSQL = (_Held("configuration", _text), _Held("primary.configuration", _text))
_OF_REDIS = tuple(
    _Held(path, _text)
    for path in ("commonConfiguration", "configuration", "master.configuration", "primary.configuration")
)
_SETTINGS: Mapping[str, tuple[_Held, ...]] = {
    "postgres": (
        _Held("postgresqlSharedPreloadLibraries", _preloaded),
        _Held("postgresql.sharedPreloadLibraries", _preloaded),
        *(
            _Held(path, _text)
            for path in (
                "primary.configuration",
                "postgresql.configuration",
                "primary.extendedConfiguration",
                "postgresql.extendedConf",
            )
        ),
    ),
    "mysql": _OF_MYSQL,
    "mariadb": (*_OF_MYSQL, _Held("mariadbConfiguration", _text)),
    "redis": _OF_REDIS,
    "valkey": _OF_REDIS,
    "rabbitmq": (_Held("configuration", _text), _Held("extraConfiguration", _text)),
    "kafka": tuple(_Held(path, _text) for path in ("config", "extraConfig", "broker.config", "controller.config")),
    "elasticsearch": (_Held("extraConfig", _text), _Held("esConfig.elasticsearch\\.yml", _text)),
    "opensearch": (_Held("extraConfig", _text), _Held("config.opensearch\\.yml", _text)),
}
#: Lists of plugins, in words with spaces between them.
_PLUGINS = {"rabbitmq": ("plugins", "extraPlugins")}
#: What only a cluster needs.
_CLUSTERS_OWN = frozenset(["rabbitmq_peer_discovery_k8s"])


def chart_settings(kind: str, values: Any) -> tuple[dict[str, str], tuple[str, ...] | None]:
    """(settings, plugins) that values give a chart of a kind; plugins are None where they name none."""
    found: Pairs = []
    for held in _SETTINGS.get(kind, ()):
        found += held.read(kind, at(values, *_keys(held.path)))
    texts = [text_at(values, key) for key in _PLUGINS.get(kind, ())]
    names = [name for text in texts for name in re.findall(r"(?<![\w$])[a-z]\w*", text) if name not in _CLUSTERS_OWN]
    return allowed(kind, found), tuple(dict.fromkeys(names)) if any(texts) else None


def _keys(path: str) -> list[str]:
    """``a.b\\.c`` -> a, b.c"""
    return [key.replace("\\.", ".") for key in re.split(r"(?<!\\)\.", path)]


#: Parts of a server and of an application, which are no names of one.
_PART_NAMES = "app broker container containers controller controllers data global main master pod primary server"
_PARTS = frozenset(_PART_NAMES.split())


@record
class ValuesImage:
    """An image among values: the ``path`` of its key, and the table that it is in."""

    path: tuple[str, ...]
    reference: str
    around: Mapping[str, Any]

    @property
    def above(self) -> tuple[str, ...]:
        """The path of what runs it: ``db`` of ``db.image``, all of ``image.db``."""
        return self.path[:-1] if _is_image(self.path[-1]) else self.path

    @property
    def name(self) -> str:
        """What the values call what runs it; "" where they only name its part."""
        keys = [key for key in self.above if key.lower() not in _PARTS and not _is_image(key) and key[0] != "["]
        return keys[-1] if keys else ""

    @property
    def words(self) -> list[str]:
        """The command that it is started with."""
        given = [self.around.get("command"), self.around.get("args")]
        return [word for words in given for word in items(words) if isinstance(word, str)]


def _is_image(key: str) -> bool:
    return key.lower().endswith(("image", "images"))


def images_in(values: Any, most: int = 1_000_000) -> Iterator[ValuesImage]:
    """Images among values: a key that ends in "image" with a text, with a table of repository and tag, or with a table
    of several of these.

    ``most`` is how many tables and lists are looked at.
    """
    return _images_where(values, most, _reference)


def lone_tags_in(values: Any, most: int = 1_000_000) -> Iterator[ValuesImage]:
    """Images among values of which only the tag is given, as their ``reference``: the repository is the chart's."""
    return _images_where(values, most, _lone_tag)


def _images_where(values: Any, most: int, reference_of: Callable[[Any], str]) -> Iterator[ValuesImage]:
    """Images among values of which ``reference_of`` tells something."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), values)]
    while waiting and most > 0:
        path, value = waiting.pop()
        most -= 1
        of_images = bool(path) and _is_image(path[-1])
        for key, inner in table(value).items():
            here = (*path, str(key))
            is_one = _is_image(here[-1]) or (of_images and isinstance(inner, dict))
            if here[-1] and is_one and (reference := reference_of(inner)):
                yield ValuesImage(here, reference, table(value))
            elif len(here) < _DEEPEST and isinstance(inner, dict | list):
                waiting.append((here, inner))
        if len(path) < _DEEPEST:
            waiting += [((*path, f"[{index}]"), inner) for index, inner in enumerate(items(value))]


def _reference(value: Any) -> str:
    if isinstance(value, str):
        return value if ":" in value or "$" in value else ""
    repository, tag = text_at(value, "repository"), text_at(value, "tag") or text_at(value, "version")
    if not repository or not tag:
        return ""
    registry = text_at(value, "registry")
    return f"{registry}/{repository}:{tag}" if registry else f"{repository}:{tag}"


def _lone_tag(value: Any) -> str:
    return "" if text_at(value, "repository") else text_at(value, "tag")


def disabled(values: Any, path: tuple[str, ...]) -> bool:
    """Whether something on the way to a path is switched off."""
    said = (text_at(values, *path[:length], "enabled").lower() for length in range(len(path)))
    return any(word in ("false", "no", "off") for word in said)


def image_fact(
    image: ValuesImage, evidence: Evidence, trust: Trust, release: str, known: Known
) -> tuple[Fact | None, tuple[Note, ...]]:
    """The service that an image among values is. ``release`` names it where the values do not."""
    name = image.name or release
    sighting = Sighting(image.reference, evidence, trust, name, image.words, place=image.above)
    fact, notes = fact_of(sighting, known)
    if fact:
        settings, plugins = chart_settings(fact.kind, image.around)
        plugins = fact.plugins if plugins is None else plugins
        fact = replace(fact, settings=dict(sorted({**fact.settings, **settings}.items())), plugins=plugins)
    return fact, notes


def lone_tag_fact(
    image: ValuesImage, evidence: Evidence, trust: Trust, known: Known
) -> tuple[Fact | None, tuple[Note, ...]]:
    """The service that a tag without a repository is of, by the name that the values have for it: ``postgresql`` of
    ``postgresql.image.tag``. Its version is in doubt, since the chart may install another program's image."""
    tag = image.reference
    kind = kind_of(image.name, known)
    if not kind or is_client(image.name, image.above, image.words):
        return None, ()
    try:
        read = read_as(kind, f"{image.name}:{tag}", known)
    except Unresolved as error:
        return None, (unresolved(error, evidence),)
    note = read.note or f"image.tag {tag} stands without a repository; it is taken for the server's version"
    fact = fact_of_image(replace(read, note=note, doubtful=True), evidence, trust, image.name)
    settings, plugins = chart_settings(kind, image.around)
    return replace(fact, settings=settings, plugins=fact.plugins if plugins is None else plugins), ()


def among_values(chart: Chart, known: Known) -> Iterator[tuple[Fact | None, tuple[Note, ...]]]:
    """An application's own chart, with services below it."""
    at_values = chart.values_at or chart.evidence
    for image in images_in(chart.values):
        if not disabled(chart.values, image.path):
            evidence = replace(at_values, attribute=".".join((at_values.attribute, *image.path)))
            yield image_fact(image, evidence, chart.trust, chart.release, known)
    for image in lone_tags_in(chart.values):
        if not disabled(chart.values, image.path):
            evidence = replace(at_values, attribute=".".join((at_values.attribute, *image.path, "tag")))
            yield lone_tag_fact(image, evidence, chart.trust, known)
