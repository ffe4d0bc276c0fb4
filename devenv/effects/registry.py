"""Image references -> digests, asked of their registries by HTTP; nothing is pulled.

The protocol is that of opencontainers/distribution-spec 1.1 (``GET|HEAD /v2/<name>/manifests/<tag>``) and, for tokens,
distribution/distribution ``docs/spec/auth``. A digest is that of the index, so that one pin serves every platform.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from devenv import __version__
from devenv.effects import registry_errors as errors
from devenv.effects.credentials import Credentials, challenges, token_request
from devenv.effects.registry_errors import Failed, ImageRequest, items, table
from devenv.effects.registry_http import Response, Web, origin, site
from devenv.model.image import ImageRef
from devenv.model.mirrors import HUB_HOST, Mirrors
from devenv.model.problem import Problem
from devenv.model.record import record

INDEX_TYPES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFEST_TYPES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
KNOWN_TYPES = INDEX_TYPES + MANIFEST_TYPES
MAX_TAGS = 20_000
PAUSES = (0.2, 0.6)  # seconds before the second and the third attempt
LONGEST_PAUSE = 5.0  # seconds: a registry that asks for more is told of, not waited for
AT_ONCE = 8
PASSING = {500, 502, 503, 504}


@record
class Pinned:
    """What a tag means now.

    ``digest`` is ``sha256:`` and 64 hexadecimal digits, of the index, or of the manifest where a tag has no index.
    ``platforms`` (``linux/arm64/v8``) are there if the manifest had to be read or was asked for; else ().
    """

    digest: str
    media_type: str
    platforms: tuple[str, ...] = ()


def resolve(
    images: Iterable[ImageRef],
    *,
    mirrors: Mirrors,
    credentials: Credentials,
    timeout: float = 20.0,
    platforms: bool = False,
) -> dict[ImageRef, Pinned | Problem]:
    """The digest of each image, or what is wrong; in the order given, each once.

    ``timeout`` is in seconds, for one image with all its attempts (looking up a name's address is not counted: no
    system lets one interrupt it). ``platforms`` reads each manifest, which on Docker Hub counts as a pull; without it
    HEAD is used, which does not. Never raises for what a registry or a network does; an ``errors.OutOfReach`` says
    that the registry could not be asked, any other Problem that it answered.
    """
    wanted = list(dict.fromkeys(images))
    web = Web()
    # One worker for one repository: its token is fetched once and needs no lock.
    groups: dict[tuple[str, str], list[ImageRequest]] = {}
    for image in wanted:
        host, path = mirrors.locate(image)
        groups.setdefault((host, path), []).append(ImageRequest(image, host, path, mirrors.covers(image.registry)))

    def work(group: list[ImageRequest]) -> list[tuple[ImageRef, Pinned | Problem]]:
        repository = _Repository(group[0], web, credentials, timeout)
        return [(asked.image, repository.pin(asked, platforms=platforms)) for asked in group]

    found: dict[ImageRef, Pinned | Problem] = {}
    if groups:
        pool = ThreadPoolExecutor(min(AT_ONCE, len(groups)), thread_name_prefix="registry")
        try:
            for answers in pool.map(work, groups.values()):
                found.update(answers)
        finally:
            # After ^C what has not begun must not begin.
            pool.shutdown(cancel_futures=True)
    return {image: found[image] for image in wanted}


class _Repository:
    """One repository at one registry, with the authorization that this run got for it."""

    def __init__(self, asked: ImageRequest, web: Web, credentials: Credentials, timeout: float) -> None:
        self.asked = asked
        self.web = web
        self.credentials = credentials
        self.timeout = timeout
        self.deadline = 0.0
        self.authorization = ""

    def pin(self, asked: ImageRequest, *, platforms: bool) -> Pinned | Problem:
        self.asked = asked
        self.deadline = time.monotonic() + self.timeout
        try:
            return self._pin(platforms=platforms)
        except Failed as failed:
            return failed.problem

    def _pin(self, *, platforms: bool) -> Pinned:
        path = f"manifests/{quote(self.asked.image.tag, safe='')}"
        if not platforms:
            head = self._ask("HEAD", path)
            stated = head.digest
            if head.status == 200 and stated and head.media_type in KNOWN_TYPES:
                return Pinned(self._well_formed(stated), head.media_type)
            # What GET would only say again; for 403 and rare ones its body says why, and 405 is to HEAD alone.
            if head.status in (401, 404, 429) or head.status >= 500:
                raise self._refusal(head)
        answer = self._ask("GET", path)
        if answer.status != 200:
            raise self._refusal(answer)
        return self._read(answer, platforms=platforms)

    def _read(self, answer: Response, *, platforms: bool) -> Pinned:
        """A manifest's body -> Pinned; the digest is computed, and compared with the one stated."""
        if answer.is_page:
            raise Failed(errors.not_a_registry(self.asked, "a web page"))
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if answer.digest and self._well_formed(answer.digest) != digest:
            what = f"it states {answer.digest} but sends {digest}"
            hint = "something on the way changes answers, or the registry is damaged: tell those who run it"
            raise Failed(errors.malformed(self.asked, what, hint))
        manifest = answer.json()
        media_type = answer.media_type
        if media_type not in KNOWN_TYPES:
            media_type = _media_type_of(manifest) or media_type
        if media_type not in KNOWN_TYPES:
            if manifest.get("schemaVersion") == 1:
                hint = "it is of a format (schema 1) that engines no longer run: choose a later tag"
                raise Failed(errors.malformed(self.asked, "an image manifest of before 2016", hint))
            kind = errors.printable(media_type) or "nothing that says what it is"
            raise Failed(errors.malformed(self.asked, f"no image manifest but {kind}"))
        entries = [table(table(entry).get("platform")) for entry in items(manifest.get("manifests"))]
        if platforms and media_type in MANIFEST_TYPES:
            entries = [self._config(manifest)]
        return Pinned(digest, media_type, tuple(dict.fromkeys(filter(None, map(_platform, entries)))))

    def _config(self, manifest: Mapping[str, object]) -> dict[str, object]:
        """The image's own configuration, which names its platform; {} if it cannot be had."""
        digest = table(manifest.get("config")).get("digest")
        try:
            answer = self._ask("GET", f"blobs/{self._well_formed(str(digest))}")
        except Failed:
            return {}
        return answer.json() if answer.status == 200 else {}

    def _well_formed(self, digest: str) -> str:
        if re.fullmatch(r"sha256:[0-9a-f]{64}", digest) is None:
            raise Failed(errors.malformed(self.asked, f"'{errors.printable(digest)}' is not a sha256 digest"))
        return digest

    def _refusal(self, answer: Response) -> Failed:
        asked, words = self.asked, errors.words(answer.body)
        if answer.status == 401 and self.authorization.startswith("Basic "):
            return Failed(errors.bad_login(asked))
        if answer.status in (401, 403):
            logged_in = self.credentials.login(asked.host) is not None
            return Failed(errors.no_access(asked, answer.status, logged_in=logged_in, words=words))
        if answer.status == 429:
            return Failed(errors.rate_limited(asked, answer.headers.get("Retry-After", "")))
        if answer.status >= 500:
            return Failed(errors.server_error(asked, answer.status, words))
        if answer.is_page and "Docker-Distribution-Api-Version" not in answer.headers:
            return Failed(errors.not_a_registry(asked, f"a web page ({answer.status})"))
        if answer.status == 404:
            return Failed(self._missing())
        return Failed(errors.unexpected(asked, answer.status, words))

    def _missing(self) -> Problem:
        """Tag or repository? Registries word their 404 as they like, but list tags only of what is there."""
        # Docker Hub gives all tags at once unless a number is asked for; others give few unless one is.
        try:
            answer = self._ask("GET", "tags/list" if self.asked.host == HUB_HOST else "tags/list?n=1000")
        except Failed:
            return errors.no_tag(self.asked, None)
        if answer.status == 404:
            return errors.no_repository(self.asked)
        if answer.status != 200 or "tags" not in (listed := answer.json()):
            return errors.no_tag(self.asked, None)
        tags = (tag for tag in items(listed["tags"])[:MAX_TAGS] if isinstance(tag, str))
        return errors.no_tag(self.asked, tuple(tag for tag in tags if re.fullmatch(r"[\w.-]{1,128}", tag, re.ASCII)))

    def _ask(self, method: str, path: str) -> Response:
        url = f"{origin(self.asked.host)}/v2/{quote(self.asked.repository)}/{path}"
        answer = self._send(method, url, self.authorization)
        # Another host's challenge, after a redirect, is not answered: it would get what is meant for this one.
        if answer.status == 401 and not self.authorization and site(answer.url) == site(url):
            self.authorization = self._authorize(challenges(answer.headers.get_all("WWW-Authenticate", [])))
            if self.authorization:
                answer = self._send(method, url, self.authorization)
        return answer

    def _authorize(self, offered: Mapping[str, Mapping[str, str]]) -> str:
        """The Authorization header that answers a challenge; "" if it cannot be answered."""
        login = self.credentials.login(self.asked.host)
        if "bearer" not in offered:
            return login.basic if login and "basic" in offered and not login.identity_token else ""
        try:
            url, authorization, form = token_request(offered["bearer"], login, repository=self.asked.repository)
        except ValueError as error:
            raise Failed(errors.malformed(self.asked, str(error))) from None
        answer = self._send("POST" if form else "GET", url, authorization, form)
        # An identity token that ran out is 400 (invalid_grant) to some: RFC 6749 §5.2.
        if login and answer.status in ((400, 401) if form else (401,)):
            raise Failed(errors.bad_login(self.asked))
        if answer.status in (401, 403, 429) or answer.status >= 500:
            raise self._refusal(answer)
        token = answer.json().get("token") or answer.json().get("access_token")
        # Anything else cannot stand in a header, and the library's complaint would quote it.
        if not isinstance(token, str) or re.fullmatch(r"[!-~]+", token) is None:
            raise Failed(errors.malformed(self.asked, f"{site(url)[1]} gives no token"))
        return f"Bearer {token}"

    def _send(self, method: str, url: str, authorization: str, form: bytes | None = None) -> Response:
        """Send until there is an answer worth having: three times, if the fault is one that passes."""
        headers = {"Accept": ", ".join(KNOWN_TYPES), "User-Agent": f"devenv/{__version__}"}
        if authorization:
            headers["Authorization"] = authorization
        for usual in (*PAUSES, None):
            pause = usual
            # Half, so that one stalled connection leaves time for another attempt.
            wait = max(0.1, min(self.timeout / 2, self.deadline - time.monotonic()))
            try:
                answer = self.web.follow(self.asked, method, url, headers, form, wait=wait)
                pause = _pause(answer, usual)
                if pause is None or time.monotonic() + pause > self.deadline:
                    return answer
            except Failed as failed:
                if not failed.passing or pause is None or time.monotonic() + pause > self.deadline:
                    raise
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")


def _pause(answer: Response, usual: float | None) -> float | None:
    """Seconds until it makes sense to ask again; None if it makes none."""
    if answer.status == 429 and usual is not None:
        wait = answer.headers.get("Retry-After", "")
        return float(wait) if re.fullmatch(r"\d{1,3}", wait) and float(wait) <= LONGEST_PAUSE else None
    return usual if answer.status in PASSING else None


def _media_type_of(manifest: Mapping[str, object]) -> str:
    """By the body, where the header does not say: the specification of OCI leaves ``mediaType`` out at times."""
    stated = manifest.get("mediaType")
    if isinstance(stated, str) and stated:
        return stated
    if isinstance(manifest.get("manifests"), list):
        return INDEX_TYPES[0]
    return MANIFEST_TYPES[0] if isinstance(manifest.get("layers"), list) else ""


def _platform(entry: Mapping[str, object]) -> str:
    """``linux/arm64/v8``; "" for entries that are no image (attestations call themselves unknown/unknown)."""
    parts = [entry.get(key) for key in ("os", "architecture", "variant")]
    if "unknown" in parts[:2] or not all(isinstance(part, str) for part in parts[:2]):
        return ""
    return "/".join(part for part in parts if isinstance(part, str) and part)
