"""KubeBlocks: one kind of object, ``Cluster``, for servers of every kind; each component says which it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devenv.document import at, items, text_at
from devenv.model.fact import Fact, Status
from devenv.sources.images import kind_named
from devenv.sources.known import Known
from devenv.sources.kubernetes_objects import Object
from devenv.sources.precision import stated

_GROUP = "apps.kubeblocks.io"
#: Components that stand beside a server.
_BESIDE = frozenset(["sentinel", "exporter", "proxy", "connect", "etcd", "zookeeper"])
#: Where a component, or the cluster as a whole, names what it is.
_DEFINITIONS = ("componentDef", "componentDefRef", "name")
_OF_CLUSTER = ("clusterDef", "clusterDefinitionRef")
#: No version is longer.
_LONGEST = 60


def is_kubeblocks(item: Object) -> bool:
    """Whether an object is one of its clusters."""
    return item.kind == "Cluster" and item.group == _GROUP


def kubeblocks_facts(item: Object, known: Known) -> Iterator[Fact]:
    """A fact for each server among the components; the older objects state the version for the whole cluster."""
    components = items(at(item.value, "spec", "componentSpecs"))
    for index, component in enumerate(components):
        names = [text_at(component, key) for key in _DEFINITIONS]
        if any(word in _BESIDE for name in names for word in name.split("-")):
            continue
        whole = [text_at(item.value, "spec", key) for key in _OF_CLUSTER]
        kind = next((found for name in (*names, *whole) if (found := _kind(name, known))), "")
        if not kind:
            continue
        attribute = f"spec.componentSpecs[{index}].serviceVersion"
        text = text_at(component, "serviceVersion")
        if not text and len(components) == 1:
            attribute = "spec.clusterVersionRef"
            text = re.sub(r"^[a-z-]+", "", text_at(item.value, "spec", "clusterVersionRef"))
        version, precision = stated(kind, text[:_LONGEST])
        yield Fact(
            kind,
            item.evidence(attribute),
            version,
            precision,
            name=item.name if len(components) == 1 else "-".join((item.name, text_at(component, "name"))),
            status=Status.ACTUAL if version else Status.UNKNOWN,
            note="" if version else "KubeBlocks chooses the version; ask the server itself",
            trust=item.trust,
        )


def _kind(name: str, known: Known) -> str:
    """``postgresql-16-1.0.0`` -> postgres; ``apecloud-mysql`` -> mysql; ``kafka-combine`` -> kafka."""
    words = re.match(r"[a-z]*(?:-[a-z]+)*", name.removeprefix("apecloud-"))
    parts = words[0].split("-") if words else []
    found = (kind_named("-".join(parts[:length]), known) for length in range(len(parts), 0, -1))
    return next((kind for kind in found if kind), "")
