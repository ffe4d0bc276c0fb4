from __future__ import annotations

import base64
import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv.effects import registry as module
from devenv.effects import registry_http
from devenv.effects.credentials import Credentials
from devenv.effects.registry import Pinned, resolve
from devenv.effects.registry_errors import FATES, OutOfReach, fate, near
from devenv.effects.registry_http import origin
from devenv.model.image import ImageRef, parse_image
from devenv.model.machine import is_loopback
from devenv.model.mirrors import Mirrors
from devenv.model.problem import Problem
from tests.effects.registry_server import (
    DOCKER_LIST,
    OCI_INDEX,
    OCI_MANIFEST,
    Registry,
    Reply,
    Seen,
    as_json,
    digest_of,
    index,
    manifest,
    page,
    refused,
)

INDEX = index({"os": "linux", "architecture": "amd64"}, {"os": "linux", "architecture": "arm64", "variant": "v8"})
POSTGRES = "/v2/library/postgres/manifests/15"
NOBODY = Credentials(None, {})
OFFLINE = "--offline works with what devenv.lock holds and this machine has"
MIRROR = "DEVENV_REGISTRY_MIRROR=host[:port][/path]"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    monkeypatch.setattr(module, "PAUSES", (0.02, 0.02))


@pytest.fixture
def registry() -> Iterator[Registry]:
    with contextlib.closing(Registry()) as server:
        yield server


@pytest.fixture
def other() -> Iterator[Registry]:
    with contextlib.closing(Registry()) as server:
        yield server


def one(
    image: str,
    mirror: Registry | str = "",
    credentials: Credentials = NOBODY,
    *,
    timeout: float = 5.0,
    platforms: bool = False,
) -> Pinned | Problem:
    prefix = mirror.host if isinstance(mirror, Registry) else mirror
    ref = parse_image(image)
    return resolve([ref], mirrors=Mirrors(prefix), credentials=credentials, timeout=timeout, platforms=platforms)[ref]


def logged_in(host: str, **entry: str) -> Credentials:
    entry = entry or {"auth": base64.b64encode(b"ann:hunter2").decode()}
    return Credentials(None, {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {host: entry}})})


# Where an image is on this machine -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mirrors", "image", "base", "located"),
    [
        (Mirrors(), "postgres:15", "docker.io", ("registry-1.docker.io", "library/postgres")),
        (Mirrors(), "quay.io/org/app:1", "quay.io", ("quay.io", "org/app")),
        (Mirrors(), "localhost:5000/app", "localhost:5000", ("localhost:5000", "app")),
        (Mirrors("127.0.0.1:5055"), "postgres:15", "127.0.0.1:5055", ("127.0.0.1:5055", "library/postgres")),
        (Mirrors("harbor.corp/hub"), "postgres:15", "harbor.corp/hub", ("harbor.corp", "hub/library/postgres")),
        (Mirrors(" https://harbor.corp/hub/ "), "a/b", "harbor.corp/hub", ("harbor.corp", "hub/a/b")),
        (Mirrors("m.io/x"), "quay.io/org/app", "m.io/x/quay.io", ("m.io", "x/quay.io/org/app")),
        (Mirrors("m.io/x"), "m.io/own/app", "m.io", ("m.io", "own/app")),
        (Mirrors("m.io/x"), "reg.corp:5000/app", "reg.corp:5000", ("reg.corp:5000", "app")),
        (Mirrors("m.io/x"), "localhost/app", "localhost", ("localhost", "app")),
        (Mirrors("docker.io/corp"), "postgres", "docker.io/corp", ("registry-1.docker.io", "corp/library/postgres")),
        (Mirrors("m.io", {"quay.io": "h.io/quay"}), "quay.io/o/a", "h.io/quay", ("h.io", "quay/o/a")),
        (Mirrors("m.io", {"docker.io": "h.io"}), "redis", "h.io", ("h.io", "library/redis")),
        (Mirrors("m.io", {"quay.io": ""}), "quay.io/o/a", "quay.io", ("quay.io", "o/a")),
        (Mirrors("m.io", {"r.corp:5000": "h.io"}), "r.corp:5000/a", "h.io", ("h.io", "a")),
    ],
)
def test_mirrors(mirrors: Mirrors, image: str, base: str, located: tuple[str, str]) -> None:
    ref = parse_image(image)
    assert mirrors.base(ref.registry) == base
    assert mirrors.covers(ref.registry) == (base != ref.registry)
    assert mirrors.locate(ref) == located


def test_mirrors_that_cannot_work() -> None:
    hint = "a mirror is host[:port][/path], and its host has a dot or a port: mirror.example.com, 127.0.0.1:5000"
    assert Mirrors("hub", {"quay.io": "proxy/quay", "ghcr.io": "h.io", "gcr.io": ""}).problems() == (
        Problem("'hub' does not begin with a registry's host", hint, key="DEVENV_REGISTRY_MIRROR"),
        Problem("'proxy/quay' does not begin with a registry's host", hint, key="mirror of quay.io"),
    )
    assert Mirrors("https://localhost/x").problems() == ()


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("LOCALHOST:5000", True),
        ("127.0.0.1:1", True),
        ("127.8.9.1", True),
        ("[::1]:5000", True),
        ("0.0.0.0:5000", False),
        ("localhost.corp", False),
        ("127.0.0.1.corp", False),
        ("127.0.0.1\\@evil", False),
        ("[::2]", False),
        ("[bad", False),
        ("", False),
    ],
)
def test_what_this_machine_is_called(host: str, local: bool) -> None:
    assert is_loopback(host) is local


# Digests -------------------------------------------------------------------------------------------------------------


def test_a_digest_by_head_alone(registry: Registry) -> None:
    digest = registry.image("library/postgres", "15", INDEX)
    assert one("postgres:15", registry) == Pinned(digest, OCI_INDEX, ())
    assert registry.asked() == [f"HEAD {POSTGRES}"]
    accept = registry.seen[0].headers["Accept"].split(", ")
    assert accept == [*module.INDEX_TYPES, *module.MANIFEST_TYPES]


def test_a_docker_list_and_a_single_manifest(registry: Registry) -> None:
    listed = registry.image("library/redis", "7", INDEX, DOCKER_LIST + "; charset=utf-8")
    single = registry.image("org/app", "1", manifest(b"{}"), OCI_MANIFEST)
    assert one("redis:7", registry) == Pinned(listed, DOCKER_LIST, ())
    assert one("org/app:1", registry) == Pinned(single, OCI_MANIFEST, ())


def test_without_a_stated_digest_the_body_is_hashed(registry: Registry) -> None:
    digest = registry.image("library/postgres", "15", INDEX, Docker_Content_Digest="")
    assert one("postgres:15", registry) == Pinned(digest, OCI_INDEX, ("linux/amd64", "linux/arm64/v8"))
    assert registry.asked() == [f"HEAD {POSTGRES}", f"GET {POSTGRES}"]


@pytest.mark.parametrize("status", [400, 403, 405])
def test_where_head_is_refused_get_is_tried(registry: Registry, status: int) -> None:
    digest = registry.image("library/postgres", "15", INDEX)
    registry.on("HEAD", POSTGRES, Reply(status))
    assert one("postgres:15", registry) == Pinned(digest, OCI_INDEX, ("linux/amd64", "linux/arm64/v8"))


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (INDEX, OCI_INDEX),
        (index(media_type=DOCKER_LIST), DOCKER_LIST),
        (json.dumps({"schemaVersion": 2, "manifests": []}).encode(), OCI_INDEX),
        (json.dumps({"schemaVersion": 2, "layers": []}).encode(), OCI_MANIFEST),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", ""])
def test_where_the_header_says_nothing_the_body_says_what_it_is(
    registry: Registry, body: bytes, media_type: str, content_type: str
) -> None:
    digest = registry.image("library/postgres", "15", body, content_type)
    found = one("postgres:15", registry)
    assert isinstance(found, Pinned)
    assert (found.digest, found.media_type) == (digest, media_type)


def test_platforms_when_asked_for(registry: Registry) -> None:
    entries = [
        {"os": "linux", "architecture": "amd64"},
        {"os": "linux", "architecture": "arm", "variant": "v7"},
        {"os": "unknown", "architecture": "unknown"},
        {"os": "windows", "architecture": "amd64", "os.version": "10.0.1"},
        {"os": "windows", "architecture": "amd64", "os.version": "10.0.2"},
        {},
    ]
    registry.image("library/postgres", "15", index(*entries))
    found = one("postgres:15", registry, platforms=True)
    assert isinstance(found, Pinned)
    assert found.platforms == ("linux/amd64", "linux/arm/v7", "windows/amd64")
    assert registry.asked() == [f"GET {POSTGRES}"]


def test_the_platform_of_a_single_manifest_is_in_its_configuration(registry: Registry) -> None:
    config = json.dumps({"os": "linux", "architecture": "arm64", "variant": "v8", "rootfs": {}}).encode()
    digest = registry.image("org/app", "1", manifest(config), OCI_MANIFEST)
    assert one("org/app:1", registry, platforms=True) == Pinned(digest, OCI_MANIFEST, ())
    registry.on("GET", f"/v2/org/app/blobs/{digest_of(config)}", Reply(200, config))
    assert one("org/app:1", registry, platforms=True) == Pinned(digest, OCI_MANIFEST, ("linux/arm64/v8",))


def test_many_images_keep_their_order_and_are_asked_at_the_same_time(registry: Registry) -> None:
    images = [parse_image(f"org/app{number}:1") for number in range(12)]
    for image in images:
        registry.image(image.repository, "1", INDEX)
        address = f"/v2/{image.repository}/manifests/1"
        reply = registry.scripts["GET", address][0]
        assert isinstance(reply, Reply)
        registry.on("HEAD", address, Reply(200, b"", reply.headers, delay=0.2))
    began = time.monotonic()
    found = resolve(iter(images + images), mirrors=Mirrors(registry.host), credentials=NOBODY)
    assert time.monotonic() - began < 0.2 * len(images)  # what they take one after the other
    assert list(found) == images
    assert {pinned.digest for pinned in found.values() if isinstance(pinned, Pinned)} == {digest_of(INDEX)}
    assert len(registry.seen) == 12


def test_one_failure_leaves_the_others_alone(registry: Registry) -> None:
    registry.image("library/postgres", "15", INDEX)
    images = [parse_image(name) for name in ("postgres:15", "redis:7", "postgres:15")]
    found = resolve(images, mirrors=Mirrors(registry.host), credentials=NOBODY)
    assert [type(result) for result in found.values()] == [Pinned, Problem]


def test_no_images() -> None:
    assert resolve([], mirrors=Mirrors(), credentials=NOBODY) == {}


# Who asks ------------------------------------------------------------------------------------------------------------


def guarded(registry: Registry, token: Callable[[Seen], Reply], repository: str = "library/postgres") -> str:
    """Serve tag 15 and 16 of a repository to those who come with ``Bearer good``; tokens are given at /token."""
    scope = f"repository:{repository}:pull"
    bearer = f'Bearer realm="http://{registry.host}/token",service="reg",scope="{scope}"'
    digest = digest_of(INDEX)
    headers = {"Content-Type": OCI_INDEX, "Docker-Content-Digest": digest}

    def answer(seen: Seen) -> Reply:
        if seen.authorization != "Bearer good":
            return refused(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=bearer)
        return Reply(200, INDEX, headers)

    for tag in ("15", "16"):
        registry.on("GET", f"/v2/{repository}/manifests/{tag}", answer)
    registry.on("GET", "/token", token)
    registry.on("POST", "/token", token)
    return digest


def test_a_token_is_fetched_once_for_a_repository(registry: Registry) -> None:
    digest = guarded(registry, lambda seen: as_json({"token": "good"}))
    images = [parse_image("postgres:15"), parse_image("postgres:16")]
    found = resolve(images, mirrors=Mirrors(registry.host), credentials=NOBODY)
    assert set(found.values()) == {Pinned(digest, OCI_INDEX, ())}
    head = "HEAD /v2/library/postgres/manifests/"
    assert registry.asked() == [f"{head}15", "GET /token", f"{head}15", f"{head}16"]
    assert registry.seen[1].query == {"service": ["reg"], "scope": ["repository:library/postgres:pull"]}
    assert registry.seen[1].authorization is None


def test_a_login_is_shown_only_to_the_token_server(registry: Registry) -> None:
    guarded(registry, lambda seen: as_json({"access_token": "good"}))
    assert isinstance(one("postgres:15", registry, logged_in(registry.host)), Pinned)
    basic = "Basic " + base64.b64encode(b"ann:hunter2").decode()
    assert [seen.authorization for seen in registry.seen] == [None, basic, "Bearer good"]


def test_an_identity_token_is_exchanged(registry: Registry) -> None:
    guarded(registry, lambda seen: as_json({"access_token": "good"}))
    assert isinstance(one("postgres:15", registry, logged_in(registry.host, identitytoken="re/fresh")), Pinned)
    asked = registry.seen[1]
    assert (asked.method, asked.path, asked.authorization) == ("POST", "/token", None)
    assert asked.body == (
        b"grant_type=refresh_token&refresh_token=re%2Ffresh&client_id=devenv&service=reg"
        b"&scope=repository%3Alibrary%2Fpostgres%3Apull"
    )


def basic_auth(registry: Registry, *, right: bool = True) -> None:
    wanted = "Basic " + base64.b64encode(b"ann:hunter2" if right else b"ann:new").decode()
    reply = Reply(200, INDEX, {"Content-Type": OCI_INDEX, "Docker-Content-Digest": digest_of(INDEX)})
    closed = refused(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="Registry Realm"')
    registry.on("GET", POSTGRES, lambda seen: reply if seen.authorization == wanted else closed)


def test_basic_auth(registry: Registry) -> None:
    basic_auth(registry)
    found = one("postgres:15", registry, logged_in(registry.host))
    assert found == Pinned(digest_of(INDEX), OCI_INDEX, ())


@pytest.mark.parametrize("scheme", ["basic", "bearer 401", "bearer 400"])
def test_a_login_that_is_refused(registry: Registry, scheme: str) -> None:
    login = logged_in(registry.host)
    if scheme == "basic":
        basic_auth(registry, right=False)
    else:
        status = int(scheme.split()[1])
        guarded(registry, lambda seen: as_json({"error": "invalid_grant"}, status))
        if status == 400:
            login = logged_in(registry.host, identitytoken="old")
    assert one("postgres:15", registry, login) == OutOfReach(
        f"{registry.host} refuses the login that Docker keeps for it",
        f"'docker login {registry.host}' again, or 'docker logout {registry.host}' to go on without",
    )


NO_CHALLENGE = refused(401, "UNAUTHORIZED")
NTLM = refused(401, "UNAUTHORIZED", WWW_Authenticate="Negotiate, NTLM")


@pytest.mark.parametrize("reply", [NO_CHALLENGE, NTLM, refused(401, "X", WWW_Authenticate="Basic realm=x")])
def test_no_access_without_a_login(registry: Registry, reply: Reply) -> None:
    registry.on("GET", "/v2/org/app/manifests/1", reply)
    host = registry.host
    assert one(f"{host}/org/app:1") == OutOfReach(
        f"no access to {host}/org/app:1: {host}/org/app answers 401",
        f"it does not exist, or it is private: check its spelling, or 'docker login {host}'",
    )


def test_no_access_for_the_login_in_docker_s_config(registry: Registry) -> None:
    guarded(registry, lambda seen: as_json({"token": "weak"}), "org/app")
    host = registry.host
    assert one(f"{host}/org/app:15", credentials=logged_in(host)) == OutOfReach(
        f"no access to {host}/org/app:15: {host}/org/app answers 401 to the login that Docker keeps for {host}",
        f"it does not exist, or it is private: check its spelling, or 'docker login {host}' with an account that may "
        "read it",
    )


def test_denied_with_the_registry_s_own_words_made_fit_to_show(registry: Registry) -> None:
    said = "denied:\x1b[31m\nthe organisation\trequires single sign-on " + "x" * 300
    shown = "DENIED: denied: [31m the organisation requires single sign-on " + "x" * 300
    registry.on("GET", "/v2/org/app/manifests/1", refused(403, "DENIED", said))
    host = registry.host
    problem = one(f"{host}/org/app:1")
    assert isinstance(problem, OutOfReach)
    assert problem.message == (f"no access to {host}/org/app:1: {host}/org/app answers 403 ({shown[:119]}…)")


def test_a_token_that_is_denied(registry: Registry) -> None:
    guarded(registry, lambda seen: refused(403, "DENIED"), "org/app")
    host = registry.host
    assert one(f"{host}/org/app:15") == OutOfReach(
        f"no access to {host}/org/app:15: {host}/org/app answers 403 (DENIED)",
        f"it does not exist, or it is private: check its spelling, or 'docker login {host}'",
    )


@pytest.mark.parametrize("reply", [as_json({}), as_json([]), as_json({"token": "a\r\nX: b"}), Reply(404), page()])
def test_a_token_server_that_gives_none(registry: Registry, reply: Reply) -> None:
    guarded(registry, lambda seen: reply)
    assert one("postgres:15", registry) == Problem(
        f"{registry.host} gives no usable answer for postgres:15: {registry.host} gives no token",
        "if it happens again, tell those who run this registry",
    )


def test_a_challenge_without_an_address(registry: Registry) -> None:
    registry.on("GET", POSTGRES, refused(401, "X", WWW_Authenticate='Bearer service="x"'))
    assert one("postgres:15", registry) == Problem(
        f"{registry.host} gives no usable answer for postgres:15: "
        "it asks for a token but does not say where to get one",
        "if it happens again, tell those who run this registry",
    )


def test_a_login_is_never_sent_in_the_clear(registry: Registry) -> None:
    realm = "http://auth.corp/token"
    registry.on("GET", POSTGRES, refused(401, "X", WWW_Authenticate=f'Bearer realm="{realm}"'))
    assert one("postgres:15", registry, logged_in(registry.host)) == OutOfReach(
        f"{registry.host} sends devenv on to auth.corp by plain HTTP, which devenv uses only on this "
        "machine itself (127.0.0.1, ::1, localhost)",
        f"give it a certificate, or forward a local port to it and name that: {MIRROR}",
    )
    assert registry.asked("/token") == []


# Redirects -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_keep_the_method(registry: Registry, other: Registry, status: int) -> None:
    digest = other.image("library/postgres", "15", INDEX)
    registry.on("GET", POSTGRES, Reply(status, headers={"Location": f"http://{other.host}{POSTGRES}"}))
    assert one("postgres:15", registry) == Pinned(digest, OCI_INDEX, ())
    assert other.asked() == [f"HEAD {POSTGRES}"]


def test_authorization_stays_with_its_host(registry: Registry, other: Registry) -> None:
    basic_auth(registry)
    script = registry.scripts["GET", POSTGRES][0]
    assert callable(script)
    away = Reply(307, headers={"Location": f"http://{other.host}/elsewhere"})
    registry.on("GET", "/moved", away)
    here = Reply(307, headers={"Location": "/moved"})
    registry.on("GET", POSTGRES, lambda seen: here if script(seen).status == 200 else script(seen))
    other.on("GET", "/elsewhere", Reply(200, INDEX, {"Content-Type": OCI_INDEX}))
    assert isinstance(one("postgres:15", registry, logged_in(registry.host)), Pinned)
    assert all(seen.authorization for seen in registry.seen if seen.path == "/moved")
    assert [(seen.method, seen.authorization) for seen in other.seen] == [("HEAD", None), ("GET", None)]


def test_a_stranger_s_challenge_is_not_answered(registry: Registry, other: Registry) -> None:
    registry.on("GET", POSTGRES, Reply(307, headers={"Location": f"http://{other.host}/x"}))
    other.on("GET", "/x", refused(401, "X", WWW_Authenticate=f'Bearer realm="http://{other.host}/token"'))
    problem = one("postgres:15", registry, logged_in(registry.host))
    assert isinstance(problem, OutOfReach)
    assert other.asked() == ["HEAD /x"]


def test_a_redirect_to_plain_http_elsewhere(registry: Registry) -> None:
    registry.on("GET", POSTGRES, Reply(302, headers={"Location": "http://cdn.corp/x"}))
    problem = one("postgres:15", registry)
    assert isinstance(problem, OutOfReach)
    assert problem.message == (
        f"{registry.host} sends devenv on to cdn.corp by plain HTTP, which devenv uses only on this "
        "machine itself (127.0.0.1, ::1, localhost)"
    )


def test_redirects_without_end_or_target(registry: Registry) -> None:
    registry.on("GET", POSTGRES, Reply(302, headers={"Location": "/a"}))
    registry.on("GET", "/a", Reply(302, headers={"Location": "/b"}))
    registry.on("GET", "/b", Reply(302, headers={"Location": "/a"}))
    assert one("postgres:15", registry) == Problem(
        f"{registry.host} gives no usable answer for postgres:15: it redirects more than 5 times",
        "if it happens again, tell those who run this registry",
    )
    registry.on("GET", POSTGRES, Reply(302))
    assert one("postgres:15", registry) == OutOfReach(
        f"{registry.host} answers 302 for postgres:15", f"check the address of the mirror: {MIRROR}"
    )


# What is not there ---------------------------------------------------------------------------------------------------


def test_an_unknown_tag_with_tags_near_it(registry: Registry) -> None:
    registry.tags("org/app", "15.4", "15.4-alpine", "15.10", "16.1", "latest", "1" * 129, "a\x1b[0m", "14.2", "15")
    host = registry.host
    assert one(f"{host}/org/app:15.40") == Problem(
        f"no image {host}/org/app:15.40: {host}/org/app has no such tag",
        "tags near it: 15.4, 15.10, 15, 15.4-alpine",
    )
    assert registry.asked() == ["HEAD /v2/org/app/manifests/15.40", "GET /v2/org/app/tags/list"]
    assert registry.seen[-1].query == {"n": ["1000"]}


@pytest.mark.parametrize(
    ("reply", "hint"),
    [
        (as_json({"tags": ["dev", "main"]}), "none of its 2 tags is near it: main, dev"),
        (as_json({"tags": list("abcdefg")}), "none of its 7 tags is near it: g, f, e, d, c, …"),
        (as_json({"tags": []}), "this repository has no tags at all"),
        (as_json({"tags": None}), "this repository has no tags at all"),
        (as_json({"tags": [1, {"x": 2}]}), "this repository has no tags at all"),
        (as_json({}), "the registry does not list its tags: check this one where the image is published"),
        (refused(401, "DENIED"), "the registry does not list its tags: check this one where the image is published"),
        (Reply(reset=True), "the registry does not list its tags: check this one where the image is published"),
    ],
)
def test_an_unknown_tag_without_one_near(registry: Registry, reply: Reply, hint: str) -> None:
    registry.on("GET", "/v2/org/app/tags/list", reply)
    host = registry.host
    assert one(f"{host}/org/app:15") == Problem(f"no image {host}/org/app:15: {host}/org/app has no such tag", hint)


def test_an_unknown_tag_at_a_mirror(registry: Registry) -> None:
    registry.tags("library/postgres", "16.1")
    assert one("postgres:16.9", registry) == Problem(
        f"no image postgres:16.9: {registry.host}/library/postgres has no such tag",
        f"tags near it: 16.1; {registry.host} is this machine's mirror: it may lack what docker.io has",
    )


@pytest.mark.parametrize(
    ("tag", "tags", "expected"),
    [
        ("15.99", ["14.9", "15.4", "15.9", "16.99", "15.9-alpine"], ["15.9", "15.4", "15.9-alpine"]),
        ("15.4-trixie", ["15.4-bookworm", "15.14-trixie", "15.4", "9"], ["15.4", "15.4-bookworm", "15.14-trixie"]),
        ("v1.2.3", ["1.2.3", "v1.2.4", "v2.0.0"], ["1.2.3", "v1.2.4"]),
        ("lastest", ["latest", "edge", "stable"], ["latest"]),
        ("7", ["7.2", "7.0", "8", "77", "latest"], ["7.2", "7.0"]),
        ("x", [], []),
    ],
)
def test_near(tag: str, tags: list[str], expected: list[str]) -> None:
    assert near(tag, tags) == expected


def test_no_such_repository(registry: Registry) -> None:
    host = registry.host
    assert one(f"{host}/org/ap:1") == Problem(
        f"no image {host}/org/ap:1: {host} has no repository org/ap", "check its spelling"
    )
    assert one("quay.io/org/app:1", registry) == Problem(
        f"no image quay.io/org/app:1: {host} has no repository quay.io/org/app",
        f"{host} is this machine's mirror: it may lack what quay.io has",
    )


@pytest.mark.parametrize(
    ("image", "became"),
    [
        ("minio/minio", "deleted from Docker Hub in September 2026: quay.io/minio/minio keeps the same tags, frozen"),
        ("minio/mc", "deleted from Docker Hub in September 2026: quay.io/minio/mc keeps the same tags, frozen"),
        (
            "bitnami/etcd",
            "Bitnami's versions left Docker Hub on 2025-08-28: docker.io/bitnamilegacy/etcd keeps most of them, frozen",
        ),
        (
            "localstack/localstack",
            "since 2026-03-23 LocalStack needs LOCALSTACK_AUTH_TOKEN; tags up to 4.14.0 run without one",
        ),
        (
            "temporalio/auto-setup",
            "no new images since early 2026: use temporalio/server with temporalio/admin-tools, or temporalio/temporal",
        ),
        ("vectorized/console", "renamed, and closed since 2025: docker.io/redpandadata/console"),
        ("vault", "ends with 1.13.3 (2023): later versions are docker.io/hashicorp/vault"),
        ("consul", "no new versions since 2023: later ones are docker.io/hashicorp/consul"),
        ("postgres", ""),
        ("minio/operator", ""),
        ("quay.io/minio/minio", ""),
        ("bitnami", ""),
    ],
)
def test_what_became_of_repositories(image: str, became: str) -> None:
    assert fate(parse_image(image)) == became
    assert len(FATES) == 7


def test_a_vanished_repository_says_what_became_of_it(registry: Registry) -> None:
    became = "deleted from Docker Hub in September 2026: quay.io/minio/minio keeps the same tags, frozen"
    lacks = f"{registry.host} is this machine's mirror: it may lack what docker.io has"
    assert one("minio/minio:latest", registry) == Problem(
        f"no image minio/minio:latest: {registry.host} has no repository minio/minio", f"{became}; {lacks}"
    )
    registry.tags("bitnami/redis")
    assert one("bitnami/redis:7.0", registry) == Problem(
        f"no image bitnami/redis:7.0: {registry.host}/bitnami/redis has no such tag",
        "Bitnami's versions left Docker Hub on 2025-08-28: docker.io/bitnamilegacy/redis keeps most of them, frozen; "
        f"this repository has no tags at all; {lacks}",
    )


# Registries in trouble -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("passing", [Reply(500), Reply(502), Reply(503), Reply(504), Reply(reset=True)])
def test_what_passes_is_tried_again(registry: Registry, passing: Reply) -> None:
    digest = registry.image("library/postgres", "15", INDEX)
    good = registry.scripts["GET", POSTGRES][0]
    registry.on("HEAD", POSTGRES, passing, passing, good)
    assert one("postgres:15", registry) == Pinned(digest, OCI_INDEX, ())
    assert len(registry.seen) == 3


def test_half_an_answer_is_no_answer(registry: Registry) -> None:
    digest = registry.image("library/postgres", "15", INDEX, Docker_Content_Digest="")
    good = registry.scripts["GET", POSTGRES][0]
    assert isinstance(good, Reply)
    registry.on("GET", POSTGRES, Reply(200, INDEX, good.headers, cut=20), good)
    registry.on("HEAD", POSTGRES, Reply(405))
    found = one("postgres:15", registry)
    assert isinstance(found, Pinned)
    assert found.digest == digest


def test_a_server_that_stays_in_trouble(registry: Registry) -> None:
    registry.on("GET", POSTGRES, Reply(503))
    assert one("postgres:15", registry) == OutOfReach(
        f"{registry.host} is in trouble: it answers 503", f"try again later; {OFFLINE}"
    )
    assert len(registry.seen) == 3


def test_a_server_error_with_words_that_does_not_pass(registry: Registry) -> None:
    registry.on("HEAD", POSTGRES, Reply(405))
    registry.on("GET", POSTGRES, refused(501, "UNSUPPORTED", "no manifests today"))
    assert one("postgres:15", registry) == OutOfReach(
        f"{registry.host} is in trouble: it answers 501 (UNSUPPORTED: no manifests today)",
        f"try again later; {OFFLINE}",
    )


def test_a_connection_that_is_always_broken_off(registry: Registry) -> None:
    registry.on("GET", POSTGRES, Reply(reset=True))
    assert one("postgres:15", registry) == OutOfReach(
        f"cannot reach {registry.host}: it breaks off the connection",
        f"is this mirror running, and the right one (DEVENV_REGISTRY_MIRROR)? {OFFLINE}",
    )
    assert len(registry.seen) == 3


def test_a_server_that_is_too_slow_takes_no_more_than_the_time_given(registry: Registry) -> None:
    registry.on("GET", POSTGRES, Reply(delay=3))
    problem = one("postgres:15", registry, timeout=0.6)
    assert problem == OutOfReach(
        f"cannot reach {registry.host}: no answer in time",
        f"is this mirror running, and the right one (DEVENV_REGISTRY_MIRROR)? {OFFLINE}",
    )
    assert len(registry.seen) == 2


def test_one_slow_answer_is_asked_for_again(registry: Registry) -> None:
    digest = registry.image("library/postgres", "15", INDEX)
    registry.on("HEAD", POSTGRES, Reply(delay=3), registry.scripts["GET", POSTGRES][0])
    assert one("postgres:15", registry, timeout=1.0) == Pinned(digest, OCI_INDEX, ())


@pytest.mark.parametrize(
    ("retry_after", "said", "asked"),
    [
        ("", "", 1),
        ("3600", "; it says to wait 3600 s", 1),
        ("6", "; it says to wait 6 s", 1),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "", 1),
        ("0", "; it says to wait 0 s", 3),
    ],
)
def test_a_limit(registry: Registry, retry_after: str, said: str, asked: int) -> None:
    registry.on("GET", POSTGRES, refused(429, "TOOMANYREQUESTS", Retry_After=retry_after))
    assert one("postgres:15", registry) == OutOfReach(
        f"{registry.host} limits how often it may be asked (429){said}",
        f"'docker login {registry.host}' raises the limit; a mirror avoids it: {MIRROR}",
    )
    assert len(registry.seen) == asked


def test_a_short_limit_is_waited_for(registry: Registry) -> None:
    digest = registry.image("library/postgres", "15", INDEX)
    registry.on("HEAD", POSTGRES, Reply(429, headers={"Retry-After": "1"}), registry.scripts["GET", POSTGRES][0])
    began = time.monotonic()
    assert one("postgres:15", registry) == Pinned(digest, OCI_INDEX, ())
    assert time.monotonic() - began >= 1


def test_a_limit_beyond_the_time_given_is_not_waited_for(registry: Registry) -> None:
    registry.on("GET", POSTGRES, Reply(429, headers={"Retry-After": "4"}))
    began = time.monotonic()
    assert isinstance(one("postgres:15", registry, timeout=2), OutOfReach)
    assert time.monotonic() - began < 4


def test_a_limit_on_tokens(registry: Registry) -> None:
    guarded(registry, lambda seen: Reply(429))
    problem = one("postgres:15", registry)
    assert isinstance(problem, OutOfReach)
    assert problem.message == f"{registry.host} limits how often it may be asked (429)"


# Answers that are none -----------------------------------------------------------------------------------------------


def test_a_web_page_is_not_a_registry(registry: Registry) -> None:
    host = registry.host
    registry.on("GET", "/v2/org/app/manifests/1", page())
    assert one(f"{host}/org/app:1") == OutOfReach(
        f"{host} is not an image registry: it answers with a web page",
        "check the image's name; a proxy or the login page of a network may have answered in the registry's place",
    )
    registry.on("GET", POSTGRES, page(404))
    assert one("postgres:15", registry) == OutOfReach(
        f"{host} is not an image registry: it answers with a web page (404)",
        f"check the address of the mirror: {MIRROR}",
    )


def test_a_registry_may_word_its_404_as_a_page(registry: Registry) -> None:
    registry.on("GET", POSTGRES, Reply(404, b"", {"Content-Type": "text/html", "Docker-Distribution-Api-Version": "2"}))
    problem = one("postgres:15", registry)
    assert isinstance(problem, Problem)
    assert problem.message == f"no image postgres:15: {registry.host} has no repository library/postgres"


def test_an_unexpected_status(registry: Registry) -> None:
    host = registry.host
    registry.on("GET", "/v2/org/app/manifests/1", refused(418, "TEAPOT", "short and stout"))
    assert one(f"{host}/org/app:1") == OutOfReach(
        f"{host} answers 418 for {host}/org/app:1 (TEAPOT: short and stout)",
        "check the image's name; a proxy or the login page of a network may have answered in the registry's place",
    )


@pytest.mark.parametrize("digest", ["sha256:abc", "md5:x", "sha256:" + "A" * 64, "sha512:" + "a" * 128])
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_malformed_digest(registry: Registry, method: str, digest: str) -> None:
    registry.image("library/postgres", "15", INDEX, Docker_Content_Digest=digest)
    if method == "GET":
        registry.on("HEAD", POSTGRES, Reply(405))
    shown = digest if len(digest) < 120 else digest[:119] + "…"
    assert one("postgres:15", registry) == Problem(
        f"{registry.host} gives no usable answer for postgres:15: '{shown}' is not a sha256 digest",
        "if it happens again, tell those who run this registry",
    )


def test_a_digest_that_does_not_fit_the_body(registry: Registry) -> None:
    wrong = "sha256:" + "0" * 64
    registry.image("library/postgres", "15", INDEX, Docker_Content_Digest=wrong)
    assert one("postgres:15", registry, platforms=True) == Problem(
        f"{registry.host} gives no usable answer for postgres:15: it states {wrong} but sends {digest_of(INDEX)}",
        "something on the way changes answers, or the registry is damaged: tell those who run it",
    )


@pytest.mark.parametrize(
    ("body", "media_type", "what"),
    [
        (b"hello", "text/plain", "no image manifest but text/plain"),
        (b"hello", "", "no image manifest but nothing that says what it is"),
        (b"[" * 100_000, "application/json", "no image manifest but application/json"),
        (b"[]", OCI_INDEX + "x", f"no image manifest but {OCI_INDEX}x"),
        (b'{"mediaType": "application/vnd.cncf.helm"}', "", "no image manifest but application/vnd.cncf.helm"),
    ],
)
def test_a_malformed_media_type(registry: Registry, body: bytes, media_type: str, what: str) -> None:
    registry.image("library/postgres", "15", body, media_type)
    assert one("postgres:15", registry) == Problem(
        f"{registry.host} gives no usable answer for postgres:15: {what}",
        "if it happens again, tell those who run this registry",
    )


def test_an_image_of_schema_1(registry: Registry) -> None:
    body = b'{"schemaVersion": 1, "fsLayers": []}'
    registry.image("library/postgres", "15", body, "application/vnd.docker.distribution.manifest.v1+prettyjws")
    assert one("postgres:15", registry) == Problem(
        f"{registry.host} gives no usable answer for postgres:15: an image manifest of before 2016",
        "it is of a format (schema 1) that engines no longer run: choose a later tag",
    )


def test_an_answer_without_end(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_http, "MAX_BODY", 1000)
    registry.image("library/postgres", "15", b" " * 5000)
    assert one("postgres:15", registry, platforms=True) == OutOfReach(
        f"cannot reach {registry.host}: what answers there is no registry",
        f"is this mirror running, and the right one (DEVENV_REGISTRY_MIRROR)? {OFFLINE}",
    )


# The network ---------------------------------------------------------------------------------------------------------


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_nothing_listens() -> None:
    port = closed_port()
    problem = OutOfReach(
        f"cannot reach localhost:{port}: Connection refused",
        f"check the network, or name a mirror that this machine can reach: {MIRROR}; {OFFLINE}",
    )
    images = [parse_image(f"localhost:{port}/{name}:1") for name in ("a", "b")]
    found = resolve(images, mirrors=Mirrors(), credentials=NOBODY)
    # Equal for all images of a registry, so that it can be said once.
    assert found == dict.fromkeys(images, problem)


def unknown_name(host: str) -> str:
    with pytest.raises(socket.gaierror) as caught:
        socket.getaddrinfo(host, 443)
    return str(caught.value.strerror)


def test_an_unknown_name() -> None:
    assert one("registry.invalid/app:1") == OutOfReach(
        f"cannot reach registry.invalid: its name is not known here ({unknown_name('registry.invalid')})",
        f"check the network, or name a mirror that this machine can reach: {MIRROR}; {OFFLINE}",
    )


@pytest.mark.parametrize("host", ["a..b", "host.x:abc", "[bad.x", "x" * 70 + ".corp", "a.b c"])
def test_what_is_no_name_of_a_host(host: str) -> None:
    found = resolve([image := ImageRef(host, "app", "1")], mirrors=Mirrors(), credentials=NOBODY)
    assert found[image] == OutOfReach(
        f"cannot reach {host}: this is not the name of a host",
        "a registry is host[:port], in image names and in mirrors",
    )


def test_a_host_is_shown_without_control_characters(registry: Registry) -> None:
    registry.on("GET", POSTGRES, Reply(302, headers={"Location": "http://a\x1b[2Jb/"}))
    registry.on("GET", "/v2/library/redis/manifests/7", Reply(302, headers={"Location": "http://a\x1bb/"}))
    assert one("postgres:15", registry) == Problem(
        f"{registry.host} gives no usable answer for postgres:15: it redirects to what is no address",
        "if it happens again, tell those who run this registry",
    )
    problem = one("redis:7", registry)
    assert isinstance(problem, OutOfReach)
    assert problem.message.startswith(f"{registry.host} sends devenv on to a b by plain HTTP, ")


def test_something_that_is_no_registry_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.settimeout(5)

        def greet() -> None:
            client, _ = server.accept()
            client.sendall(b"220 mail.corp ESMTP\r\n")
            client.recv(1000)
            client.close()

        threading.Thread(target=greet, daemon=True).start()
        problem = one(f"127.0.0.1:{port}/app:1")
    assert isinstance(problem, OutOfReach)
    assert problem.message == f"cannot reach 127.0.0.1:{port}: what answers there is no registry"


def test_plain_http_is_for_this_machine_only(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{registry.host}")
    assert one("registry.corp:5000/app:1") == OutOfReach(
        "registry.corp:5000 speaks plain HTTP, which devenv uses only on this machine itself "
        "(127.0.0.1, ::1, localhost)",
        f"give it a certificate, or forward a local port to it and name that: {MIRROR}",
    )
    assert registry.asked() == ["CONNECT registry.corp:5000"]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost:443", "https://localhost:443"),
        ("[::1]:443", "https://[::1]:443"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("127.0.0.1:1443", "http://127.0.0.1:1443"),
        ("quay.io", "https://quay.io"),
        ("reg.corp:80", "https://reg.corp:80"),
    ],
)
def test_https_is_for_all_but_this_machine_and_for_it_where_port_443_is_named(host: str, address: str) -> None:
    # Nobody may listen on port 443 in a test.
    assert origin(host) == address


# TLS, proxies and Docker Hub -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key, for the names of Docker Hub."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate for the tests of TLS")
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=DNS:registry-1.docker.io,DNS:auth.docker.io"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    subprocess.run(
        [*words.split(), "-addext", names, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@pytest.fixture
def hub(server_tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """Docker Hub as it answers, behind a proxy that leads there."""
    with contextlib.closing(Registry(server_tls)) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ann:hunter2@{server.host}")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
        realm = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"'
        closed = refused(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=realm)
        digest = digest_of(INDEX)
        open_ = Reply(200, INDEX, {"Content-Type": OCI_INDEX, "Docker-Content-Digest": digest})
        tags = as_json({"tags": ["15", "15.4"]})
        server.on("GET", POSTGRES, lambda seen: open_ if seen.authorization else closed)
        server.on("GET", "/v2/library/postgres/tags/list", lambda seen: tags if seen.authorization else closed)
        server.on(
            "GET", "/v2/library/postgres/manifests/15.9", lambda seen: Reply(404) if seen.authorization else closed
        )
        for repository in ("minio/minio", "acme/private"):
            server.on("GET", f"/v2/{repository}/manifests/1", closed)
        server.on("GET", "/token", as_json({"token": "good"}))
        yield server


def test_docker_hub_through_a_proxy(hub: Registry) -> None:
    assert one("postgres:15") == Pinned(digest_of(INDEX), OCI_INDEX, ())
    heads = [(seen.method, seen.tunnel, seen.path) for seen in hub.seen if seen.tunnel]
    assert heads == [
        ("HEAD", "registry-1.docker.io", POSTGRES),
        ("GET", "auth.docker.io", "/token"),
        ("HEAD", "registry-1.docker.io", POSTGRES),
    ]
    connects = [seen for seen in hub.seen if seen.method == "CONNECT"]
    assert connects[0].path == "registry-1.docker.io:443"
    assert connects[0].headers["Proxy-Authorization"] == "Basic " + base64.b64encode(b"ann:hunter2").decode()
    assert {seen.headers["Proxy-Authorization"] for seen in hub.seen if seen.tunnel} == {None}


def test_docker_hub_by_the_login_under_its_oldest_key(hub: Registry) -> None:
    assert isinstance(one("postgres:15", credentials=logged_in("https://index.docker.io/v1/")), Pinned)
    token = next(seen for seen in hub.seen if seen.path == "/token")
    assert token.authorization == "Basic " + base64.b64encode(b"ann:hunter2").decode()


def test_an_unknown_tag_of_docker_hub(hub: Registry) -> None:
    assert one("postgres:15.9") == Problem(
        "no image postgres:15.9: docker.io/library/postgres has no such tag", "tags near it: 15.4, 15"
    )
    # Without a number Docker Hub lists all tags at once.
    assert hub.seen[-1].query == {}


def test_a_repository_that_docker_hub_does_not_show(hub: Registry) -> None:
    assert one("acme/private:1") == OutOfReach(
        "no access to acme/private:1: docker.io/acme/private answers 401",
        "it does not exist, or it is private: check its spelling, or 'docker login'",
    )
    assert one("minio/minio:1") == OutOfReach(
        "no access to minio/minio:1: docker.io/minio/minio answers 401",
        "deleted from Docker Hub in September 2026: quay.io/minio/minio keeps the same tags, frozen; "
        "it does not exist, or it is private: check its spelling, or 'docker login'",
    )


def test_this_machine_is_never_asked_through_a_proxy(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = registry.image("library/postgres", "15", INDEX)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{closed_port()}")
    assert one("postgres:15", registry) == Pinned(digest, OCI_INDEX, ())


def test_a_proxy_that_refuses_or_is_not_there(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.tunnels = Reply(407)
    monkeypatch.setenv("HTTPS_PROXY", f"http://ann:hunter2@{registry.host}/")
    hint = (
        "HTTPS_PROXY or the system's settings name this proxy; NO_PROXY=registry-1.docker.io goes round it; " + OFFLINE
    )
    assert one("postgres:15") == OutOfReach(
        f"cannot reach registry-1.docker.io through the proxy {registry.host}: "
        "Tunnel connection failed: 407 Proxy Authentication Required",
        hint,
    )
    proxy = f"127.0.0.1:{closed_port()}"
    monkeypatch.setenv("HTTPS_PROXY", f"http://ann:hunter2@{proxy}")
    assert one("postgres:15") == OutOfReach(
        f"cannot reach registry-1.docker.io through the proxy {proxy}: Connection refused", hint
    )


def test_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "registry.invalid")
    problem = one("registry.invalid/app:1")
    assert isinstance(problem, OutOfReach)
    reason = unknown_name("registry.invalid")
    assert problem.message == f"cannot reach registry.invalid: its name is not known here ({reason})"


def test_tls_is_verified(hub: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    hint = (
        "if your network has its own certificate authority, name the file of its certificates in SSL_CERT_FILE; "
        "devenv never leaves this check out"
    )
    # The certificate is not for this name.
    assert one("quay.io/app:1") == OutOfReach(
        "quay.io cannot prove who it is: Hostname mismatch, certificate is not valid for 'quay.io'", hint
    )
    monkeypatch.delenv("SSL_CERT_FILE")
    assert one("postgres:15") == OutOfReach("docker.io cannot prove who it is: self-signed certificate", hint)
    assert [seen.method for seen in hub.seen] == ["CONNECT", "CONNECT"]
