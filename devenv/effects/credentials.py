"""The logins that Docker keeps for registries, read where ``docker login`` wrote them; devenv keeps none of its own.

The rules are those of docker/cli (``cli/config``): for each registry its entry in ``credHelpers``, else ``credsStore``,
else ``auths``; a variable DOCKER_AUTH_CONFIG holding the same JSON wins over the file (since 28.3). A helper is the
program ``docker-credential-<name>``: it takes a server on stdin and answers in JSON (docker/docker-credential-helpers).
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from urllib.parse import urlencode

from devenv.effects import process
from devenv.model.record import record

#: Docker Hub's key, in ``auths`` and for helpers, since before registries had names of their own.
HUB_KEY = "https://index.docker.io/v1/"
HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
HELPER_TIMEOUT = 15.0  # seconds: a keychain may have to be unlocked by hand
#: What helpers print, with exit code 1, when all is well and there is no such login.
NOT_FOUND = "credentials not found"
#: The user name by which a helper says that its secret is an identity token.
TOKEN_USER = "<token>"  # noqa: S105
_CHALLENGE = re.compile(
    r'(?P<name>[\w-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,"]+))|(?P<scheme>[A-Za-z][\w-]*)(?=[\s,]|$)'
)


@record
class Login:
    """What a registry knows a user by. ``identity_token``: the secret is a refresh token of OAuth 2, no password."""

    username: str
    secret: str = field(repr=False)
    identity_token: bool = False

    @property
    def basic(self) -> str:
        """The value of an Authorization header (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.secret}".encode()).decode()


def docker_config(env: Mapping[str, str], *, home: Path) -> Path:
    """Where Docker keeps its configuration: ``$DOCKER_CONFIG/config.json``, else ``~/.docker/config.json``."""
    return Path(env.get("DOCKER_CONFIG") or home / ".docker") / "config.json"


class Credentials:
    """Logins by registry, read when first asked for; safe to share between threads.

    Nothing here ever fails: what cannot be read is no login, and a sentence in ``warnings``. No secret is in either.
    """

    def __init__(self, config: Path | None, env: Mapping[str, str]) -> None:
        """``env`` is what helpers run with (PATH finds them); without a ``config`` only DOCKER_AUTH_CONFIG counts."""
        self._config = config
        self._env = env
        self._lock = threading.Lock()
        self._read = False
        self._warnings: list[str] = []
        self._logins: dict[str, Login | None] = {}
        self._auths: dict[str, Mapping[str, object]] = {}
        self._from_env: dict[str, Mapping[str, object]] = {}
        self._helpers: dict[str, object] = {}
        self._store: object = None

    def __repr__(self) -> str:
        return f"Credentials({str(self._config)!r})"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went wrong so far, one sentence each, in the order in which it was met."""
        return tuple(self._warnings)

    def login(self, registry: str) -> Login | None:
        """The login for ``host[:port]``; each is looked up once in a run, since helpers are slow and may ask."""
        host = _host(registry)
        with self._lock:
            if not self._read:
                self._load()
            if host not in self._logins:
                self._logins[host] = self._find(host)
            return self._logins[host]

    def _find(self, host: str) -> Login | None:
        if host in self._from_env:
            return self._decoded(host, self._from_env[host])
        helper = self._helpers.get(host, self._store)
        found = self._ask(helper, host) if isinstance(helper, str) and helper else None
        if found is None and host in self._auths:
            found = self._decoded(host, self._auths[host])
        return found

    def _load(self) -> None:
        self._read = True
        text = self._env.get("DOCKER_AUTH_CONFIG", "")
        if text.strip():
            self._from_env = _by_host(self._parsed(text, "the variable DOCKER_AUTH_CONFIG").get("auths"))
        if self._config is None:
            return
        try:
            text = self._config.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except OSError as error:
            self._warn(f"{self._config} cannot be read ({error.strerror})", "registries are asked without its logins")
            return
        except UnicodeDecodeError:
            text = "not text"
        # Docker takes an empty file for an empty configuration.
        config = self._parsed(text, str(self._config)) if text.strip() else {}
        self._auths = _by_host(config.get("auths"))
        self._helpers = {_host(key): name for key, name in _table(config.get("credHelpers")).items()}
        self._store = config.get("credsStore")

    def _parsed(self, text: str, what: str) -> Mapping[str, object]:
        try:
            config = json.loads(text)
        except (ValueError, RecursionError):
            config = None
        if not isinstance(config, dict):
            self._warn(f"{what} is not a JSON object", "registries are asked without its logins")
            return {}
        return config

    def _decoded(self, host: str, entry: Mapping[str, object]) -> Login | None:
        """One entry of ``auths``; an empty one only says that a helper holds the login."""
        username, password = _text(entry.get("username")), _text(entry.get("password"))
        if auth := _text(entry.get("auth")):
            try:
                username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
            except ValueError:
                colon = ""
            if not colon:
                self._warn(
                    f"the login for {host} in Docker's configuration is damaged",
                    f"log in again with '{command('login', host)}'",
                )
                return None
        if token := _text(entry.get("identitytoken")):
            return Login(username, token, identity_token=True)
        # Very old versions of Docker padded the password with zero bytes.
        password = password.strip("\0")
        return Login(username, password) if username and password else None

    def _ask(self, name: str, host: str) -> Login | None:
        program = f"docker-credential-{name}"
        try:
            return _helped(program, HUB_KEY if host == "docker.io" else host, self._env)
        except _HelperFailed as failed:
            self._warn(f"{program}, which holds the login for {host}, {failed}", f"{host} is asked without a login")
            return None

    def _warn(self, what: str, then: str) -> None:
        self._warnings.append(f"{what}: {then}")


class _HelperFailed(Exception):
    """Why a helper gave no login, as the end of a sentence that begins with its name."""


def _helped(program: str, server: str, env: Mapping[str, str]) -> Login | None:
    """Ask a helper. Of its output nothing is shown: nobody promises that there is no secret in it."""
    try:
        done = process.run([program, "get"], input=server, timeout=HELPER_TIMEOUT, env=env)
    except TimeoutError:
        raise _HelperFailed(f"did not answer in {HELPER_TIMEOUT:g} s") from None
    except FileNotFoundError:
        raise _HelperFailed("is not installed") from None
    except (OSError, ValueError):
        raise _HelperFailed("cannot be run") from None
    if done.code != 0:
        if NOT_FOUND in (done.stdout + done.stderr).lower():
            return None
        raise _HelperFailed(f"ended with exit code {done.code}")
    try:
        answer = _table(json.loads(done.stdout))
    except (ValueError, RecursionError):
        answer = {}
    username, secret = _text(answer.get("Username")), _text(answer.get("Secret"))
    if not secret:
        raise _HelperFailed("gave an answer without a login")
    return Login("", secret, identity_token=True) if username == TOKEN_USER else Login(username, secret)


def challenges(headers: Iterable[str]) -> dict[str, dict[str, str]]:
    """``WWW-Authenticate`` headers -> parameters by scheme, both in lower case (RFC 9110 §11.6.1).

    Several schemes may stand in one header or in several; of a scheme that comes twice the first counts.
    """
    found: dict[str, dict[str, str]] = {}
    for header in headers:
        current: dict[str, str] = {}
        for match in _CHALLENGE.finditer(header):
            if match["scheme"]:
                current = {}
                found.setdefault(match["scheme"].lower(), current)
            else:
                value = re.sub(r"\\(.)", r"\1", match["quoted"]) if match["quoted"] is not None else match["bare"]
                current.setdefault(match["name"].lower(), value)
    return found


def token_request(
    challenge: Mapping[str, str], login: Login | None, *, repository: str
) -> tuple[str, str, bytes | None]:
    """Where a Bearer challenge sends for a token: URL, Authorization header ("": none), form (None: a GET).

    The rules are distribution's ``docs/spec/auth``: ``token.md``, and ``oauth.md`` for an identity token. Raises
    ValueError, in words, for a challenge that names no address.
    """
    realm = challenge.get("realm", "")
    if not realm.startswith(("https://", "http://")):
        raise ValueError("it asks for a token but does not say where to get one")
    asked = {
        "service": challenge.get("service", ""),
        "scope": challenge.get("scope") or f"repository:{repository}:pull",
    }
    query = {key: value for key, value in asked.items() if value}
    if login and login.identity_token:
        form = {"grant_type": "refresh_token", "refresh_token": login.secret, "client_id": "devenv", **query}
        return realm, "", urlencode(form).encode()
    url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
    return url, login.basic if login else "", None


def command(verb: str, host: str) -> str:
    """``docker login`` or ``docker logout`` as it is typed for this registry; Docker Hub is not named."""
    return f"docker {verb}" if _host(host) == "docker.io" else f"docker {verb} {host}"


def _host(key: str) -> str:
    """A key of Docker's configuration, which may be an address, as ``host[:port]``."""
    host = key.removeprefix("https://").removeprefix("http://").partition("/")[0].lower()
    return "docker.io" if host in HUB_NAMES else host


def _by_host(auths: object) -> dict[str, Mapping[str, object]]:
    tables = {key: _table(entry) for key, entry in _table(auths).items()}
    # A key that is the bare host wins over the same host as an address, as it does in Docker.
    ordered = sorted(tables, key=lambda key: "/" not in key)
    return {_host(key): tables[key] for key in ordered}


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
