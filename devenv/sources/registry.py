"""Every family of sources: one row each. What a document is, is told from what is in it, not from its name."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from devenv.document import Document
from devenv.model.fact import Note, Reading
from devenv.model.record import record
from devenv.model.text import presentable
from devenv.sources import (
    cloud,
    cloudformation,
    compose_file,
    digitalocean,
    fly,
    helm,
    heroku,
    kubernetes,
    live,
    nomad,
    other_images,
    platformsh,
    pulumi,
    render_com,
    runtimes,
    terraform,
    terraform_config,
    unread,
    version_managers,
    workflows,
)
from devenv.sources.allowed import named
from devenv.sources.known import Known

_LONGEST_MESSAGE = 600


@record
class Source:
    """``name`` is what the manifest calls it (``kind = …``) and what evidence names; ``title`` says what it reads.

    ``recognises`` must be cheap and never fail; ``parse`` gets all documents of one source at once, since one may
    speak of another: a parameter group of its instances, an image catalogue of its clusters. ``environment`` is the
    only one that such documents describe, whichever environment's sources name them; "" where they describe any.
    """

    name: str
    title: str
    recognises: Callable[[Document], bool]
    parse: Callable[[Sequence[Document], Known], Reading]
    environment: str = ""


#: In the order in which they are asked whether a document is theirs: the surest sign first.
SOURCES: tuple[Source, ...] = (
    Source("terraform-state", "Terraform and OpenTofu: states and plans", terraform.recognises, terraform.parse),
    Source("cloudformation", "CloudFormation and CDK", cloudformation.recognises, cloudformation.parse),
    Source("pulumi", "pulumi stack export", pulumi.recognises, pulumi.parse),
    Source("cloud", "what aws, gcloud, az and doctl print", cloud.recognises, cloud.parse),
    Source("kubernetes", "Kubernetes objects and operators", kubernetes.recognises, kubernetes.parse),
    Source("compose", "Compose and Swarm files of production", compose_file.recognises, compose_file.parse),
    Source("unread", "formats that are recognised and not read", unread.recognises, unread.parse),
    Source("ci", "CI services of GitHub, GitLab, Bitbucket", workflows.recognises, workflows.parse, environment="ci"),
    Source("render", "Render blueprints", render_com.recognises, render_com.parse),
    Source("digitalocean", "DigitalOcean app specs", digitalocean.recognises, digitalocean.parse),
    Source("helm", "Helm: charts, their values, what helm list prints", helm.recognises, helm.parse),
    Source("live", "what a live server answers", live.recognises, live.parse),
    Source("platformsh", "Platform.sh, Upsun, Magento and Shopware", platformsh.recognises, platformsh.parse),
    Source("heroku", "Heroku app.json", heroku.recognises, heroku.parse),
    Source("fly", "fly.toml", fly.recognises, fly.parse),
    Source("nomad", "Nomad jobs", nomad.recognises, nomad.parse),
    Source("terraform", "Terraform and OpenTofu: configuration", terraform_config.recognises, terraform_config.parse),
    Source("version-managers", "what asdf and mise install", version_managers.recognises, version_managers.parse),
    Source("runtimes", "Dockerfiles, and files of one runtime's version", runtimes.recognises, runtimes.parse),
    Source("images", "YAML of any other form that names images", other_images.recognises, other_images.parse),
)


def source_of(document: Document) -> Source | None:
    """Whose document this is."""
    return next((source for source in SOURCES if source.recognises(document)), None)


def parse(documents: Iterable[Document], known: Known, *, kind: str = "", environment: str = "") -> Reading:
    """What documents tell, each read by the family it belongs to, or all by ``kind`` where that is said. What describes
    another environment than ``environment`` is left out; "" leaves nothing out."""
    groups: dict[str, list[Document]] = {}
    notes: list[Note] = []
    for document in documents:
        notes += document.notes
        named_source = document.source or kind
        source = by_name(named_source) if named_source else source_of(document)
        if source is None:
            notes.append(Note("is no file that devenv knows how to read", document.file, failed=True))
        else:
            groups.setdefault(source.name, []).append(document)
    readings: list[Reading] = []
    for source in SOURCES:
        if source.name not in groups:
            continue
        reading = source.parse(groups[source.name], known)
        is_of_another = environment and source.environment not in ("", environment, kind)
        readings.append(_left_out(reading, source, environment) if is_of_another else reading)
    return Reading(
        facts=tuple(named(fact) for reading in readings for fact in reading.facts),
        notes=tuple(notes) + tuple(_shown(note) for reading in readings for note in reading.notes),
        wants=tuple(want for reading in readings for want in reading.wants),
        companions=tuple(companion for reading in readings for companion in reading.companions),
    )


def _shown(note: Note) -> Note:
    return replace(note, message=presentable(note.message, _LONGEST_MESSAGE), address=presentable(note.address))


def _left_out(reading: Reading, source: Source, environment: str) -> Reading:
    """What describes another environment: a note for each file that speaks of services, and no fact."""
    other = source.environment
    notes = []
    for file in dict.fromkeys(fact.evidence.file for fact in reading.facts):
        command = f"devenv facts --environment {other} {shlex.quote(file)}"
        notes.append(Note(f"describes {other}, not {environment}; show it: {command}", file))
    return Reading(notes=tuple(notes))


def by_name(name: str) -> Source | None:
    return next((source for source in SOURCES if source.name == name), None)
