"""Workloads of Kubernetes -> the services that their containers run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from devenv.document import at, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note
from devenv.model.record import record
from devenv.sources.allowed import allowed
from devenv.sources.clients import is_client
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known
from devenv.sources.kubernetes_images import Overrides
from devenv.sources.kubernetes_objects import Cluster, Object
from devenv.sources.settings_text import of_command, pairs, plugins_in

#: Where the description of a Pod is. Jobs are not here: what runs once is a client, whatever its image.
_PODS: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    **dict.fromkeys(
        (
            "StatefulSet",
            "Deployment",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "DeploymentConfig",
            "Rollout",
            "CloneSet",
        ),
        ("spec", "template", "spec"),
    ),
}
#: By these labels operators say which cluster's a Pod is.
_OF_CLUSTER = (
    "cnpg.io/cluster",
    "postgres-operator.crunchydata.com/cluster",
    "strimzi.io/cluster",
    "elasticsearch.k8s.elastic.co/cluster-name",
    "opster.io/opensearch-cluster",
    "clickhouse.altinity.com/chi",
    "stackgres.io/cluster-name",
    "cluster-name",
)
#: Which mounted files are the server's own configuration.
_FILES = {
    "postgres": r"(?!pg_hba|pg_ident|recovery).*\.conf",
    "mysql": r".*\.(?:cnf|ini)",
    "mariadb": r".*\.(?:cnf|ini)",
    "redis": r"(?!sentinel|users).*\.conf",
    "valkey": r"(?!sentinel|users).*\.conf",
    "rabbitmq": r"(?!definitions|advanced).*\.conf",
    "kafka": r"(?!.*(?:log4j|tools|connect|client)).*\.properties",
    "elasticsearch": r"elasticsearch\.ya?ml",
    "opensearch": r"opensearch\.ya?ml",
    "nats": r".*\.conf",
}
_PLUGINS_FILE = "enabled_plugins"
_NOTHING: tuple[Fact | None, tuple[Note, ...]] = (None, ())


def is_workload(item: Object) -> bool:
    """Whether an object runs containers for good."""
    return item.kind in _PODS


def workload_facts(
    item: Object, cluster: Cluster, overrides: Overrides, known: Known
) -> Iterator[tuple[Fact | None, tuple[Note, ...]]]:
    """A fact for each service that a workload runs; a Pod's belongs to the workload that made it."""
    owners = list(cluster.owners(item))
    if any(kind == "Job" for kind, _ in owners) or _is_passing(item) or text_at(item.value, "spec", "replicas") == "0":
        return
    part_of = next((cluster_name for label in _OF_CLUSTER if (cluster_name := item.label(label))), "")
    part_of = part_of or (owners[-1][1] if owners else "")
    seen: set[tuple[str, str]] = set()
    for container in _containers(item):
        fact, notes = _of_container(container, cluster, overrides, known)
        if fact and (fact.kind, fact.version) in seen:
            continue  # the same image in a second container looks after the first
        if fact:
            seen.add((fact.kind, fact.version))
            fact = replace(fact, part_of=part_of if part_of != fact.name else "")
        yield fact, notes


def _is_passing(item: Object) -> bool:
    """Tests and hooks of a chart come and go; Kafka Connect and its like run Kafka's image and are no brokers."""
    hook = text_at(item.value, "metadata", "annotations", "helm.sh/hook")
    return bool(hook) or item.label("strimzi.io/kind") not in ("", "Kafka")


@record
class _Container:
    """One container of a workload; ``path`` is where it stands."""

    item: Object
    pod: Any
    value: Any
    path: str


def _containers(item: Object) -> Iterator[_Container]:
    """Containers that stay. Of those that run before them only one that starts again and again does."""
    path = _PODS[item.kind]
    pod = at(item.value, *path)
    for index, container in enumerate(items(at(pod, "containers"))):
        yield _Container(item, pod, container, ".".join((*path, f"containers[{index}]")))
    for index, container in enumerate(items(at(pod, "initContainers"))):
        if text_at(container, "restartPolicy") == "Always":
            yield _Container(item, pod, container, ".".join((*path, f"initContainers[{index}]")))


def _of_container(
    container: _Container, cluster: Cluster, overrides: Overrides, known: Known
) -> tuple[Fact | None, tuple[Note, ...]]:
    image = text_at(container.value, "image")
    words = [word for key in ("command", "args") for word in items(at(container.value, key)) if isinstance(word, str)]
    if not image or is_client(text_at(container.value, "name"), (), words):
        return _NOTHING
    item = container.item
    written = Sighting(image, item.evidence(f"{container.path}.image"), item.trust, item.name)
    image, evidence = overrides.applied(image, item, written.evidence)
    if not image:
        return None, (_ambiguous(written),) if fact_of(written, known)[0] else ()
    fact, notes = fact_of(replace(written, reference=image, evidence=evidence), known)
    if fact is None:
        return None, notes
    mounted, plugins = _mounted_settings(fact.kind, container, cluster)
    own = allowed(fact.kind, of_command(fact.kind, words))
    settings = {name: value for name, (value, _) in mounted.items()} | own
    return replace(
        fact,
        settings=dict(sorted(settings.items())),
        setting_evidence={name: evidence for name, (_, evidence) in mounted.items() if name not in own},
        plugins=fact.plugins if plugins is None else plugins,
    ), notes


def _ambiguous(sighting: Sighting) -> Note:
    said = "several kustomizations set its image differently: name production's alone"
    return Note(said, sighting.evidence.file, address=sighting.evidence.address, failed=True)


def _mounted_settings(
    kind: str, container: _Container, cluster: Cluster
) -> tuple[dict[str, tuple[str, Evidence]], tuple[str, ...] | None]:
    found: dict[str, tuple[str, Evidence]] = {}
    plugins: tuple[str, ...] | None = None
    for name, text, evidence in _mounted(container, cluster):
        if kind == "rabbitmq" and name == _PLUGINS_FILE:
            plugins = plugins_in(text)
        elif re.fullmatch(_FILES.get(kind, r"\b\B"), name):
            found |= {key: (value, evidence) for key, value in allowed(kind, pairs(kind, text)).items()}
    return found, plugins


def _mounted(container: _Container, cluster: Cluster) -> Iterator[tuple[str, str, Evidence]]:
    """(name, text, evidence) of each file of a ConfigMap that a container has, in the order of names, as servers read
    them."""
    volumes = {text_at(volume, "name"): volume for volume in items(at(container.pod, "volumes"))}
    found: dict[str, tuple[str, str, Evidence]] = {}
    for mount in items(at(container.value, "volumeMounts")):
        volume = volumes.get(text_at(mount, "name"))
        single, folder = text_at(mount, "subPath"), text_at(mount, "mountPath")
        for source in _config_sources(volume):
            for path, text, evidence in _files(source, cluster, container.item):
                if single and path != single:
                    continue
                whole = folder if single else f"{folder.rstrip('/')}/{path}"
                found[whole] = (whole.rpartition("/")[2], text, evidence)
    for path in sorted(found):
        yield found[path]


def _config_sources(volume: Any) -> Sequence[Any]:
    single = at(volume, "configMap")
    several = [at(source, "configMap") for source in items(at(volume, "projected", "sources"))]
    return [source for source in (single, *several) if isinstance(source, dict)]


def _files(source: Any, cluster: Cluster, near: Object) -> Iterator[tuple[str, str, Evidence]]:
    holder = cluster.find("ConfigMap", text_at(source, "name"), near)
    chosen = {text_at(entry, "key"): text_at(entry, "path") for entry in items(at(source, "items"))}
    if holder is None:
        return
    for key, text in table(holder.value.get("data")).items():
        if isinstance(text, str) and (not chosen or key in chosen):
            yield chosen.get(key, str(key)) or str(key), text, holder.evidence(f"data.{key}")
