"""References to images, as files of production hold them -> which service that is, of which version.

The rules for tags are the families' own: most begin with the server's version, some hold it elsewhere
(``pg16``, ``0.40.0-kafka-3.7.0``), some do not hold it at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace

from devenv.model.fact import Precision
from devenv.model.record import record
from devenv.sources.image_families import ALONE, CLIENTS, CONFLUENT, OLDEST, PUBLISHERS, Family, family_named
from devenv.sources.known import Known
from devenv.sources.precision import stated
from devenv.sources.variables import GAP, Unresolved, filled, gap_in, with_gaps

__all__ = ["Image", "Unresolved", "filled", "kind_named", "read_as", "read_image", "split"]


@record
class Image:
    """What a reference says. ``kind`` is the engine's name; the other fields are as in ``Fact``."""

    kind: str
    version: str = ""
    precision: Precision = Precision.NONE
    variant: str = ""
    extensions: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[str, ...] | None = None
    note: str = ""
    doubtful: bool = False


#: No reference is longer: 255 for the name, 128 for the tag, a digest.
_LONGEST = 1000
#: How engines and Kubernetes write where an image is from.
_SCHEME = re.compile(r"^(?:docker-pullable|docker|oci|containerd)://")
#: What a name is made of, with the names of variables that are missing.
_NAME = re.compile(rf"[\w./\[\]:{GAP}$-]+")
_TAG = re.compile(rf"[\w.{GAP}$-]*")
_DIGEST = re.compile(r"sha(?:256|512):[0-9a-fA-F]+")
#: A variable in the place of the registry: ``${REGISTRY}/postgres``, ``${REGISTRY}postgres``.
_LEADING_GAP = re.compile(rf"^{GAP}[^{GAP}]*{GAP}/?(?=\w)")
_VERSION = re.compile(r"[vV]?(?P<version>\d+(?:\.\d+)*)(?P<early>-?(?:alpha|beta|rc)[.\d]*)?(?:[-_.+].*)?")
#: Words of a tag that name what an official image is built on or with; Alpine's own number is left out, as the
#: catalogue leaves it out.
_VARIANT = re.compile(
    r"(?:^|[-_.])(alpine|trixie|bookworm|bullseye|buster|stretch|jammy|noble|focal|bionic|ubi\d+|oraclelinux\d+|oracle"
    r"|slim|management|openssl)(?=[\d.]*(?:[-_]|$))"
)
#: Bitnami's images moved to a repository of their own in August 2025.
_BITNAMI = re.compile(r"^bitnami(?:legacy|secure)/")


def split(reference: str) -> tuple[str, str, str]:
    """(repository without registry, tag, digest); a part that is not there is "".

    The rule of the distribution project: the first part is a registry if it holds a dot, a colon or a capital or is
    ``localhost``; a tag follows the last colon behind the last slash.
    """
    name, _, digest = _SCHEME.sub("", reference.strip()).partition("@")
    head, slash, rest = name.partition("/")
    registry = "." in head or ":" in head or head == "localhost" or head != head.lower()
    path = rest if slash and registry else name
    folder, _, last = path.rpartition("/")
    last, _, tag = last.partition(":")
    repository = f"{folder}/{last}" if folder else last
    return repository.removeprefix("library/"), tag, digest


def read_image(reference: str, known: Known, variables: Mapping[str, str] | None = None) -> Image | None:
    """Which service an image is; None for one that is no service devenv has heard of: an application's own, say.

    Raises Unresolved where a variable that has no default decides which service it is, or its version.
    """
    repository, tag = _parts(reference, variables)
    if not repository:
        return None
    if name := gap_in(repository.rpartition("/")[2]):
        raise Unresolved(name)
    found = _family(repository, known)
    if found is None:
        return _of_fork(repository, tag, known)
    family, major, own = found
    if name := gap_in(tag):
        raise Unresolved(name, family.kind)
    image = _of_family(family, major, tag)
    return _of_somebody(image, repository, tag) if image and own else image


def read_as(kind: str, reference: str, known: Known) -> Image:
    """What an image says of a server whose kind is known: an operator's, say, which may have any name.

    Raises Unresolved.
    """
    repository, tag = _parts(reference, None)
    if name := gap_in(tag) or gap_in(repository.rpartition("/")[2]):
        raise Unresolved(name, kind)
    found = _family(repository, known)
    family, major = (found[0], found[1]) if found and found[0].kind == kind and not found[2] else (Family("", kind), "")
    return _of_family(family, major, tag) or Image(kind, note=_doubt(tag))


def resembled(reference: str, known: Known) -> tuple[str, str]:
    """(image's name, kind) of an image that may be a service by its name, though nothing else tells; ("", "")."""
    repository, _ = _parts(reference, None)
    kind = _last_word(repository, known) if repository and not gap_in(repository) else ""
    return (repository, kind) if kind else ("", "")


def kind_named(word: str, known: Known) -> str:
    """The kind that a word means as the name of a service or a chart; "" for none."""
    by_image = known.repositories.get(word) or known.repositories.get(f"bitnami/{word}")
    if by_image or word in known.repositories.values():
        return by_image or word
    return _by_last(word, known) or (word if word in ALONE else "")


def _parts(reference: str, variables: Mapping[str, str] | None) -> tuple[str, str]:
    """(repository, tag) with gaps; ("", "") for what is no reference, which may be anything."""
    whole = with_gaps(reference, variables) if len(reference) <= _LONGEST else ""
    if len(whole) > _LONGEST:
        return "", ""
    repository, tag, digest = split(whole)
    if not _NAME.fullmatch(repository) or not _TAG.fullmatch(tag) or (digest and not _DIGEST.fullmatch(digest)):
        return "", ""
    return _LEADING_GAP.sub("", repository).removeprefix("library/"), tag


def _family(repository: str, known: Known) -> tuple[Family, str, bool] | None:
    """(family, version in the name, whether it is somebody's own image with a server's name).

    Mirrors put something before the name (``mirror/library/redis``, ``proxy/bitnami/redis``), so ever less of it is
    looked up. What has only the last part in common, ``acme/redis``, may be a mirror's or somebody's own.
    """
    parts = repository.split("/")
    for start in range(len(parts)):
        name = _BITNAMI.sub("bitnami/", "/".join(parts[start:]))
        if found := family_named(name):
            return *found, False
        if kind := known.repositories.get(name.removeprefix("library/")):
            return Family(name, kind), "", start > 0 and "/" not in name
    last = parts[-1]
    if last in ALONE:
        publisher = _BITNAMI.sub("bitnami/", f"{parts[-2]}/") if len(parts) > 1 else ""
        return Family(last, last), "", bool(publisher) and publisher.rstrip("/") not in PUBLISHERS
    kind = _by_last(last, known)
    return (Family(last, kind), "", True) if kind else None


def _by_last(word: str, known: Known) -> str:
    names = known.repositories.items()
    return next((kind for name, kind in names if name.rpartition("/")[2] == word), "")


def _of_family(family: Family, major: str, tag: str) -> Image | None:
    """None for a tag that is of another program."""
    match = re.match(family.tag, tag) if family.tag else None
    if match is None and family.only:
        return None
    groups = match.groupdict() if match else {}
    note = family.note
    text = groups.get("version") or major
    if platform := groups.get("platform"):
        text = CONFLUENT.get(platform, "")
        note = f"Confluent Platform {platform} " + (f"is Kafka {text}" if text else "is not known to devenv")
    elif family.numbered and not family.tag and (plain := _VERSION.fullmatch(tag)):
        text = plain["version"]
        note = f"{text}{plain['early']} is no release yet" if plain["early"] else note
    version, precision = stated(family.kind, text)
    if not version and not platform and (family.numbered or not note):
        note = _doubt(tag)
    return Image(
        family.kind,
        version,
        precision,
        _variant(tag),
        extensions={family.extension: groups.get("extension") or ""} if family.extension else {},
        plugins=_plugins(family, tag),
        note=note,
        doubtful=family.doubtful,
    )


def _of_somebody(image: Image, repository: str, tag: str) -> Image:
    """An image of somebody's own: its tag's number is the server's only if it could be one, and even so in doubt."""
    if _is_believable(image):
        shown = repository if GAP not in repository else repository.rpartition("/")[2]
        note = f"devenv does not know {shown}; its tag is taken for the server's version"
        return replace(image, note=note, doubtful=True)
    note = "somebody's own image; ask the server itself" if tag else _doubt(tag)
    return replace(image, version="", precision=Precision.NONE, note=note)


def _is_believable(image: Image) -> bool:
    """Whether the number that an image of somebody's own has could be the server's."""
    first = image.version.partition(".")[0]
    return bool(first) and image.kind in OLDEST and int(first) >= OLDEST[image.kind]


def _of_fork(repository: str, tag: str, known: Known) -> Image | None:
    """An image whose name ends with a server's, ``acme/shop-postgres``: that server, if its tag could be its version.

    Without such a tag it is no service: programs for a server are called after it too.
    """
    kind = _last_word(repository, known)
    image = _of_family(Family(repository, kind), "", tag) if kind and not gap_in(tag) else None
    return _of_somebody(image, repository, tag) if image and _is_believable(image) else None


def _last_word(repository: str, known: Known) -> str:
    """The kind that an image's name ends with: postgres of ``acme/shop-postgres``, "" of ``acme/wait-for-postgres``."""
    words = repository.rpartition("/")[2].split("-")
    return _by_last(words[-1], known) if len(words) > 1 and not CLIENTS.intersection(words) else ""


def _variant(tag: str) -> str:
    return "-".join(_VARIANT.findall(tag))


def _plugins(family: Family, tag: str) -> tuple[str, ...] | None:
    managed = ("rabbitmq_management",) if family.kind == "rabbitmq" and "management" in tag else ()
    return (*managed, *family.plugins) or None


def _doubt(tag: str) -> str:
    """Why a tag says no version."""
    if not tag:
        return "the image has no tag; ask the server itself"
    return f"the tag {tag} does not name the server's version; ask the server itself"
