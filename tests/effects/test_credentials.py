from __future__ import annotations

import base64
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv.effects import credentials as module
from devenv.effects.credentials import (
    Credentials,
    Login,
    challenges,
    command,
    docker_config,
    token_request,
)

SECRET = "hunter2-öl:x"
Write = Callable[..., Credentials]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def bin_dir(tmp_path: Path, programs: None) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


@pytest.fixture
def docker(tmp_path: Path) -> Write:
    """Writes config.json, as a text or as a value, and gives the Credentials that read it."""

    def write(config: object, **env: str) -> Credentials:
        path = tmp_path / "config.json"
        path.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
        return Credentials(path, {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", **env})

    return write


def helper(bin_dir: Path, name: str, script: str) -> None:
    path = bin_dir / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_config_is_where_docker_keeps_it(tmp_path: Path) -> None:
    assert docker_config({}, home=tmp_path) == tmp_path / ".docker" / "config.json"
    assert docker_config({"DOCKER_CONFIG": ""}, home=tmp_path) == tmp_path / ".docker" / "config.json"
    assert docker_config({"DOCKER_CONFIG": "/etc/d"}, home=tmp_path) == Path("/etc/d/config.json")


@pytest.mark.parametrize(
    ("entry", "login"),
    [
        ({"auth": b64(f"ann:{SECRET}")}, Login("ann", SECRET)),
        ({"auth": b64("ann:old\0\0")}, Login("ann", "old")),
        ({"username": "ann", "password": SECRET}, Login("ann", SECRET)),
        ({"auth": b64("ann:"), "identitytoken": SECRET}, Login("ann", SECRET, identity_token=True)),
        ({"identitytoken": SECRET}, Login("", SECRET, identity_token=True)),
        ({}, None),
        ("nonsense", None),
    ],
)
def test_an_entry_of_auths(docker: Write, entry: object, login: Login | None) -> None:
    logins = docker({"auths": {"harbor.corp:8443": entry}})
    assert logins.login("harbor.corp:8443") == login
    assert logins.login("harbor.corp") is None
    assert logins.warnings == ()


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"])
@pytest.mark.parametrize("asked", ["docker.io", "registry-1.docker.io"])
def test_docker_hub_by_all_its_names(docker: Write, key: str, asked: str) -> None:
    assert docker({"auths": {key: {"auth": b64("ann:pw")}}}).login(asked) == Login("ann", "pw")


def test_keys_may_be_addresses_and_the_bare_host_wins(docker: Write) -> None:
    auths = {
        "ghcr.io": {"auth": b64("bare:1")},
        "https://ghcr.io/v2/": {"auth": b64("address:2")},
        "http://Quay.IO/v1/": {"auth": b64("quay:3")},
    }
    logins = docker({"auths": auths})
    assert logins.login("ghcr.io") == Login("bare", "1")
    assert logins.login("quay.io") == Login("quay", "3")


def test_docker_auth_config_wins_over_the_file(docker: Write) -> None:
    from_env = json.dumps({"auths": {"ghcr.io": {"auth": b64("ci:env")}}})
    auths = {"ghcr.io": {"auth": b64("ann:file")}, "quay.io": {"auth": b64("ann:file")}}
    logins = docker({"auths": auths}, DOCKER_AUTH_CONFIG=from_env)
    assert logins.login("ghcr.io") == Login("ci", "env")
    assert logins.login("quay.io") == Login("ann", "file")
    assert Credentials(None, {"DOCKER_AUTH_CONFIG": from_env}).login("ghcr.io") == Login("ci", "env")


def test_without_a_file_there_are_no_logins_and_no_warnings(tmp_path: Path) -> None:
    for logins in (Credentials(None, {}), Credentials(tmp_path / "none.json", {})):
        assert logins.login("docker.io") is None
        assert logins.warnings == ()


def test_an_empty_file_is_an_empty_configuration(docker: Write) -> None:
    logins = docker("\n")
    assert logins.login("docker.io") is None
    assert logins.warnings == ()


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, f'{{"auths": "{SECRET}'])
def test_a_malformed_file_is_a_warning(docker: Write, tmp_path: Path, text: str) -> None:
    logins = docker(text)
    assert logins.login("docker.io") is None
    assert logins.warnings == (
        f"{tmp_path / 'config.json'} is not a JSON object: registries are asked without its logins",
    )


def test_a_file_that_is_no_text_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xff\xfe\x00")
    logins = Credentials(tmp_path / "config.json", {})
    assert logins.login("docker.io") is None
    assert logins.warnings == (
        f"{tmp_path / 'config.json'} is not a JSON object: registries are asked without its logins",
    )


def test_a_file_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    logins = Credentials(tmp_path, {})
    assert logins.login("docker.io") is None
    assert logins.warnings == (f"{tmp_path} cannot be read (Is a directory): registries are asked without its logins",)


def test_a_malformed_variable_is_a_warning() -> None:
    logins = Credentials(None, {"DOCKER_AUTH_CONFIG": SECRET})
    assert logins.login("docker.io") is None
    assert logins.warnings == (
        "the variable DOCKER_AUTH_CONFIG is not a JSON object: registries are asked without its logins",
    )


@pytest.mark.parametrize("value", [None, 3, "x", ["x"], {"ghcr.io": None}, {"ghcr.io": ["x"]}])
@pytest.mark.parametrize("key", ["auths", "credHelpers", "credsStore"])
@pytest.mark.usefixtures("programs")
def test_values_of_a_wrong_type_are_no_logins(docker: Write, key: str, value: object) -> None:
    assert docker({key: value}).login("ghcr.io") is None


@pytest.mark.parametrize("auth", [SECRET, b64("no colon"), base64.b64encode(b"\xff:\xff").decode()])
def test_a_damaged_entry_is_a_warning_without_its_text(docker: Write, auth: str) -> None:
    logins = docker({"auths": {"ghcr.io": {"auth": auth}}})
    assert logins.login("ghcr.io") is None
    assert logins.warnings == (
        "the login for ghcr.io in Docker's configuration is damaged: log in again with 'docker login ghcr.io'",
    )


ECHO = """read -r server; printf '{"ServerURL":"%s","Username":"u-%s","Secret":"s"}' "$server" "$server" """


def test_the_store_is_asked_with_the_server_on_stdin(docker: Write, bin_dir: Path) -> None:
    helper(bin_dir, "keys", f'test "$1" = get || exit 9\n{ECHO}')
    logins = docker({"credsStore": "keys", "auths": {"ghcr.io": {}}})
    assert logins.login("ghcr.io") == Login("u-ghcr.io", "s")
    assert logins.login("registry-1.docker.io") == Login("u-https://index.docker.io/v1/", "s")
    assert logins.warnings == ()


def test_a_registry_s_own_helper_wins_over_the_store(docker: Write, bin_dir: Path) -> None:
    helper(bin_dir, "keys", ECHO)
    helper(bin_dir, "gcloud", """printf '{"Username":"_token","Secret":"g"}'""")
    logins = docker({"credsStore": "keys", "credHelpers": {"gcr.io": "gcloud", "plain.io": ""}})
    assert logins.login("gcr.io") == Login("_token", "g")
    assert logins.login("ghcr.io") == Login("u-ghcr.io", "s")
    assert logins.login("plain.io") is None


def test_a_helper_may_hold_an_identity_token(docker: Write, bin_dir: Path) -> None:
    helper(bin_dir, "keys", """printf '{"Username":"<token>","Secret":"refresh"}'""")
    assert docker({"credsStore": "keys"}).login("acr.io") == Login("", "refresh", identity_token=True)


def test_a_helper_that_has_no_login_is_no_warning(docker: Write, bin_dir: Path) -> None:
    helper(bin_dir, "keys", "echo 'credentials not found in native keychain'; exit 1")
    logins = docker({"credsStore": "keys", "auths": {"quay.io": {"auth": b64("ann:file")}}})
    assert logins.login("ghcr.io") is None
    assert logins.login("quay.io") == Login("ann", "file")
    assert logins.warnings == ()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"echo {SECRET}; echo {SECRET} >&2; exit 3", "ended with exit code 3"),
        (f"echo {SECRET}", "gave an answer without a login"),
        ("echo '[]'", "gave an answer without a login"),
        ("""echo '{"Username":"ann","Secret":7}'""", "gave an answer without a login"),
        ("exec sleep 5", "did not answer in 0.2 s"),
        (None, "is not installed"),
        ("not executable", "cannot be run"),
    ],
)
def test_a_helper_that_fails_is_a_warning(
    docker: Write, bin_dir: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, why: str
) -> None:
    if why.startswith("did not answer"):
        monkeypatch.setattr(module, "HELPER_TIMEOUT", 0.2)
    if script is not None:
        helper(bin_dir, "keys", script)
    if script == "not executable":
        (bin_dir / "docker-credential-keys").chmod(0o644)
    logins = docker({"credsStore": "keys"}, PATH=str(bin_dir) if script is None else f"{bin_dir}:/usr/bin:/bin")
    assert logins.login("ghcr.io") is None
    assert logins.login("ghcr.io") is None
    assert logins.warnings == (
        f"docker-credential-keys, which holds the login for ghcr.io, {why}: ghcr.io is asked without a login",
    )


def test_a_helper_runs_once_for_each_registry_however_many_ask(docker: Write, bin_dir: Path, tmp_path: Path) -> None:
    helper(bin_dir, "keys", f"echo . >> {tmp_path}/runs; sleep 0.05; {ECHO}")
    logins = docker({"credsStore": "keys"})
    threads = [threading.Thread(target=logins.login, args=("ghcr.io",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "runs").read_text() == ".\n"


def test_no_secret_in_a_repr(docker: Write, tmp_path: Path) -> None:
    logins = docker({"auths": {"ghcr.io": {"auth": b64(f"ann:{SECRET}")}}})
    login = logins.login("ghcr.io")
    assert repr(login) == "Login(username='ann', identity_token=False)"
    assert repr(logins) == f"Credentials('{tmp_path / 'config.json'}')"
    assert login is not None
    assert login.basic == "Basic " + b64(f"ann:{SECRET}")


def test_commands_are_named_as_they_are_typed() -> None:
    assert command("login", "registry-1.docker.io") == "docker login"
    assert command("logout", "harbor.corp:8443") == "docker logout harbor.corp:8443"


def headers() -> Iterator[tuple[list[str], dict[str, dict[str, str]]]]:
    yield [], {}
    yield ["Negotiate"], {"negotiate": {}}
    yield ['Basic realm="a \\"b\\", c=d"'], {"basic": {"realm": 'a "b", c=d'}}
    hub = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'
    bearer = {
        "realm": "https://auth.docker.io/token",
        "service": "registry.docker.io",
        "scope": "repository:a/b:pull,push",
    }
    yield [hub], {"bearer": bearer}
    yield ["Basic realm=x, " + hub], {"basic": {"realm": "x"}, "bearer": bearer}
    yield ["NTLM, Basic realm=x", hub], {"ntlm": {}, "basic": {"realm": "x"}, "bearer": bearer}
    yield ['Bearer realm="https://one/"', 'Bearer realm="https://two/"'], {"bearer": {"realm": "https://one/"}}


@pytest.mark.parametrize(("given", "expected"), list(headers()))
def test_challenges(given: list[str], expected: dict[str, dict[str, str]]) -> None:
    assert challenges(given) == expected


def test_a_token_is_asked_with_what_the_challenge_says() -> None:
    challenge = {"realm": "https://auth/token?a=1", "service": "reg", "scope": "repository:x:pull"}
    assert token_request(challenge, None, repository="a/b") == (
        "https://auth/token?a=1&service=reg&scope=repository%3Ax%3Apull",
        "",
        None,
    )
    assert token_request({"realm": "https://auth/token"}, Login("ann", "pw"), repository="a/b") == (
        "https://auth/token?scope=repository%3Aa%2Fb%3Apull",
        "Basic " + b64("ann:pw"),
        None,
    )


def test_an_identity_token_is_exchanged_by_a_form() -> None:
    login = Login("", "refresh", identity_token=True)
    assert token_request({"realm": "https://auth/token", "service": "reg"}, login, repository="a/b") == (
        "https://auth/token",
        "",
        b"grant_type=refresh_token&refresh_token=refresh&client_id=devenv&service=reg&scope=repository%3Aa%2Fb%3Apull",
    )


@pytest.mark.parametrize("realm", ["", "/token", "file:///etc/passwd"])
def test_a_challenge_without_an_address(realm: str) -> None:
    with pytest.raises(ValueError, match=r"^it asks for a token but does not say where to get one$"):
        token_request({"realm": realm}, None, repository="a/b")
