"""Every way in which a registry does not give a digest, as a sentence and something to do about it.

Problems of a whole registry (network, TLS, limits) name no image, so that several images give equal problems and the
caller can show one.
"""

from __future__ import annotations

import difflib
import http.client
import itertools
import json
import re
import socket
import ssl
from collections.abc import Iterable
from fnmatch import fnmatchcase

from devenv.effects.credentials import command
from devenv.model.image import DOCKER_HUB, ImageRef
from devenv.model.mirrors import HUB_HOST
from devenv.model.problem import Problem
from devenv.model.record import record

SHOWN = 5  # tags in a hint
MIRROR = "DEVENV_REGISTRY_MIRROR=host[:port][/path]"
#: What OpenSSL says, by version, when the other side answers a TLS greeting in plain text.
PLAIN_TEXT = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


class OutOfReach(Problem):
    """The registry could not be asked, or denies access: what ends a command with exit code 7."""

    __slots__ = ()


class Failed(Exception):
    """Carries a problem from where it is met to where one image's answer is given. ``passing``: may go by itself."""

    def __init__(self, problem: Problem, *, passing: bool = False) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.passing = passing


@record
class ImageRequest:
    """An image, and the registry and repository that stand for it on this machine."""

    image: ImageRef
    host: str
    repository: str
    mirrored: bool

    @property
    def place(self) -> str:
        return shown(self.host)

    @property
    def name(self) -> str:
        return f"{self.place}/{self.repository}"


@record
class Fate:
    """What became of repositories of Docker Hub (shell patterns), as one sentence."""

    repositories: tuple[str, ...]
    sentence: str


#: Checked 2026-11; sources: facts of services §0.3 and §1.12, §1.13, testcontainers/testcontainers-node#1463,
#: shellhub-io/shellhub#7117, bitnami/containers#83267, awspring/spring-cloud-aws#1672, temporalio/features#707,
#: quarkusio/quarkus#45026, bank-vaults/bank-vaults#2043, devmentors/Pacco#14.
FATES = (
    Fate(
        ("minio/minio", "minio/mc"),
        "deleted from Docker Hub in September 2026: quay.io/{repository} keeps the same tags, frozen",
    ),
    Fate(
        ("bitnami/*",),
        "Bitnami's versions left Docker Hub on 2025-08-28: docker.io/bitnamilegacy/{name} keeps most of them, frozen",
    ),
    Fate(
        ("localstack/localstack",),
        "since 2026-03-23 LocalStack needs LOCALSTACK_AUTH_TOKEN; tags up to 4.14.0 run without one",
    ),
    Fate(
        ("temporalio/auto-setup",),
        "no new images since early 2026: use temporalio/server with temporalio/admin-tools, or temporalio/temporal",
    ),
    Fate(("vectorized/*",), "renamed, and closed since 2025: docker.io/redpandadata/{name}"),
    Fate(("library/vault",), "ends with 1.13.3 (2023): later versions are docker.io/hashicorp/vault"),
    Fate(("library/consul",), "no new versions since 2023: later ones are docker.io/hashicorp/consul"),
)


def fate(image: ImageRef) -> str:
    """What became of this image's repository and where it is now; "" for one of which nothing is known."""
    if image.registry != DOCKER_HUB:
        return ""
    for row in FATES:
        if any(fnmatchcase(image.repository, pattern) for pattern in row.repositories):
            return row.sentence.format(repository=image.repository, name=image.repository.rpartition("/")[2])
    return ""


def shown(host: str) -> str:
    """A host as users know it."""
    return DOCKER_HUB if host == HUB_HOST else host


def near(tag: str, tags: Iterable[str]) -> list[str]:
    """At most five existing tags that someone who asked for ``tag`` may have meant, likeliest first.

    Leading numbers in common count most (whoever asks for 15.99 wants some 15), then the same suffix, then likeness;
    where no tag begins with the same number, likeness alone.
    """
    numbers, suffix = _split(tag)
    ranked = []
    for other in tags:
        theirs, their_suffix = _split(other)
        pairs = zip(numbers, theirs, strict=False)
        same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
        likeness = difflib.SequenceMatcher(None, tag, other).ratio()
        ranked.append((same, suffix == their_suffix, likeness, theirs, other))
    alike = [row for row in ranked if row[0]] or [row for row in ranked if row[2] >= 0.6]
    return [row[-1] for row in sorted(alike, reverse=True)[:SHOWN]]


def _split(tag: str) -> tuple[tuple[int, ...], str]:
    match = re.match(r"v?(\d+(?:\.\d+)*)", tag, re.ASCII)
    return (tuple(int(part) for part in match[1].split(".")), tag[match.end() :]) if match else ((), tag)


def no_tag(asked: ImageRequest, tags: tuple[str, ...] | None) -> Problem:
    """``tags`` are those that exist, None if the registry does not list them."""
    hints = [fate(asked.image)]
    if tags is None:
        hints.append("the registry does not list its tags: check this one where the image is published")
    elif not tags:
        hints.append("this repository has no tags at all")
    elif found := near(asked.image.tag, tags):
        hints.append("tags near it: " + ", ".join(found))
    else:
        some = ", ".join(sorted(tags, reverse=True)[:SHOWN]) + (", …" if len(tags) > SHOWN else "")
        hints.append(f"none of its {len(tags)} tags is near it: {some}")
    return Problem(
        f"no image {asked.image.familiar}: {asked.name} has no such tag", _joined(*hints, _mirror_lacks(asked))
    )


def no_repository(asked: ImageRequest) -> Problem:
    hint = _joined(fate(asked.image), _mirror_lacks(asked)) or "check its spelling"
    return Problem(f"no image {asked.image.familiar}: {asked.place} has no repository {asked.repository}", hint)


def no_access(asked: ImageRequest, status: int, *, logged_in: bool, words: str = "") -> Problem:
    """Registries answer the same for a private repository and one that is not there, and mean to."""
    who = f" to the login that Docker keeps for {asked.place}" if logged_in else ""
    said = f" ({words})" if words else ""
    login = f"'{command('login', asked.place)}'" + (" with an account that may read it" if logged_in else "")
    hint = f"it does not exist, or it is private: check its spelling, or {login}"
    return OutOfReach(
        f"no access to {asked.image.familiar}: {asked.name} answers {status}{who}{said}",
        _joined(fate(asked.image), hint, _mirror_lacks(asked)),
    )


def bad_login(asked: ImageRequest) -> Problem:
    return OutOfReach(
        f"{asked.place} refuses the login that Docker keeps for it",
        f"'{command('login', asked.place)}' again, or '{command('logout', asked.place)}' to go on without",
    )


def rate_limited(asked: ImageRequest, wait: str) -> Problem:
    said = f"; it says to wait {wait} s" if re.fullmatch(r"\d{1,6}", wait) else ""
    return OutOfReach(
        f"{asked.place} limits how often it may be asked (429){said}",
        f"'{command('login', asked.place)}' raises the limit; a mirror avoids it: {MIRROR}",
    )


def server_error(asked: ImageRequest, status: int, words: str) -> Problem:
    said = f" ({words})" if words else ""
    return OutOfReach(
        f"{asked.place} is in trouble: it answers {status}{said}",
        "try again later; --offline works with what devenv.lock holds and this machine has",
    )


def unexpected(asked: ImageRequest, status: int, words: str) -> Problem:
    said = f" ({words})" if words else ""
    return OutOfReach(f"{asked.place} answers {status} for {asked.image.familiar}{said}", _which_host(asked))


def not_a_registry(asked: ImageRequest, what: str) -> Problem:
    return OutOfReach(f"{asked.place} is not an image registry: it answers with {what}", _which_host(asked))


def malformed(asked: ImageRequest, what: str, hint: str = "") -> Problem:
    return Problem(
        f"{asked.place} gives no usable answer for {asked.image.familiar}: {what}",
        hint or "if it happens again, tell those who run this registry",
    )


def plain_http(host: str, sender: str = "") -> Problem:
    """``sender`` is the registry that named this plain address; "" if the host itself turned out to speak it."""
    host = printable(host)
    how = f"{sender} sends devenv on to {host} by plain HTTP" if sender else f"{host} speaks plain HTTP"
    return OutOfReach(
        f"{how}, which devenv uses only on this machine itself (127.0.0.1, ::1, localhost)",
        f"give it a certificate, or forward a local port to it and name that: {MIRROR}",
    )


def network(host: str, cause: BaseException, *, proxy: str, mirrored: bool) -> Problem:
    """What http.client, ssl and socket say, in words; not all of it, since some of their texts quote what was sent."""
    host, through = printable(host), f" through the proxy {proxy}" if proxy else ""
    offline = "--offline works with what devenv.lock holds and this machine has"
    hint = f"check the network, or name a mirror that this machine can reach: {MIRROR}; {offline}"
    if mirrored:
        hint = f"is this mirror running, and the right one (DEVENV_REGISTRY_MIRROR)? {offline}"
    if proxy:
        hint = f"HTTPS_PROXY or the system's settings name this proxy; NO_PROXY={host} goes round it; {offline}"
    if isinstance(cause, ssl.SSLError):
        return _tls(host, cause, hint)
    if isinstance(cause, socket.gaierror):
        why = f"its name is not known here ({cause.strerror})"
    elif isinstance(cause, TimeoutError):
        why = "no answer in time"
    elif isinstance(cause, ConnectionResetError | BrokenPipeError | http.client.IncompleteRead):
        why = "it breaks off the connection"
    elif isinstance(cause, http.client.InvalidURL | ValueError):
        why, hint = "this is not the name of a host", "a registry is host[:port], in image names and in mirrors"
    elif isinstance(cause, http.client.HTTPException):
        why = "what answers there is no registry"
    else:
        why = getattr(cause, "strerror", None) or str(cause)
    return OutOfReach(f"cannot reach {host}{through}: {why}", hint)


def _tls(host: str, cause: ssl.SSLError, hint: str) -> Problem:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return OutOfReach(
            f"{shown(host)} cannot prove who it is: {cause.verify_message.rstrip('.')}",
            "if your network has its own certificate authority, name the file of its certificates in SSL_CERT_FILE; "
            "devenv never leaves this check out",
        )
    if cause.reason in PLAIN_TEXT:
        return plain_http(host)
    return OutOfReach(f"cannot reach {host}: no TLS connection ({cause.reason or 'closed'})", hint)


def words(body: bytes) -> str:
    """What the registry itself says of an error, as distribution-spec words it; "" if it says nothing like that."""
    try:
        first = table(next(iter(items(table(json.loads(body)).get("errors"))), None))
    except (ValueError, RecursionError):
        return ""
    return printable(": ".join(str(first[key]) for key in ("code", "message") if first.get(key)))


def printable(text: str) -> str:
    """A registry's text made fit for a terminal: one short line, no control characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= 120 else line[:119] + "…"


def table(value: object) -> dict[str, object]:
    """A JSON value that should be an object; {} for any other."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """A JSON value that should be an array; [] for any other."""
    return value if isinstance(value, list) else []


def _which_host(asked: ImageRequest) -> str:
    if asked.mirrored:
        return f"check the address of the mirror: {MIRROR}"
    return "check the image's name; a proxy or the login page of a network may have answered in the registry's place"


def _mirror_lacks(asked: ImageRequest) -> str:
    if not asked.mirrored:
        return ""
    return f"{asked.place} is this machine's mirror: it may lack what {asked.image.registry} has"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
