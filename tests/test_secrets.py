"""Secrets of production are nowhere: one document of every family of sources, with a canary in all its places for
secrets, read by the program as people use it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from devenv import document
from devenv.effects import gather
from devenv.sources import registry
from tests.making import lock_for, manifest, tree
from tests.program import said

CANARY = "c4n4ry-S3KRET"
_SCRIPT = f"redis-server --appendonly yes --requirepass {CANARY} &\nredis-cli -a {CANARY} ping > {CANARY}\nwait\n"
_SETTINGS = [
    {"name": "max_connections", "value": "77"},
    {"name": "primary_conninfo", "value": CANARY},
    {"name": "session_preload_libraries", "value": f"x password={CANARY}"},
    {"name": "search_path", "value": f"postgres://u:{CANARY}@h/d"},
]


def _resource(kind: str, name: str, /, **values: Any) -> dict[str, Any]:
    return {"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": values}]}


_TERRAFORM = {
    "version": 4,
    "terraform_version": "1.9.0",
    "outputs": {"password": {"value": CANARY, "type": "string"}},
    "resources": [
        _resource(
            "aws_db_instance",
            "main",
            identifier="db",
            engine="postgres",
            engine_version="15.4",
            password=CANARY,
            username=CANARY,
            parameter_group_name="g",
        ),
        _resource("aws_db_parameter_group", "g", name="g", family="postgres15", parameter=_SETTINGS),
        _resource(
            "aws_mq_broker",
            "q",
            broker_name="q",
            engine_type="RabbitMQ",
            engine_version="3.13",
            user=[{"password": CANARY}],
        ),
        _resource(
            "aws_ecs_task_definition",
            "t",
            family="t",
            container_definitions=json.dumps(
                [
                    {
                        "name": "cache",
                        "image": "redis:7.0.15",
                        "command": ["sh", "-c", _SCRIPT],
                        "environment": [{"name": "P", "value": CANARY}],
                    }
                ]
            ),
        ),
        _resource(
            "helm_release",
            "h",
            name="h",
            chart="redis",
            version="18.6.1",
            repository=f"https://u:{CANARY}@example.com",
            values=[f"auth:\n  password: {CANARY}\ncommonConfiguration: |\n  requirepass {CANARY}\n"],
            set=[{"name": "auth.password", "value": CANARY}],
            set_sensitive=[{"name": "auth.password", "value": CANARY}],
            metadata=[{"app_version": "7.2.3", "values": json.dumps({"auth": {"password": CANARY}})}],
        ),
    ],
}
_PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9",
    "variables": {"password": {"value": CANARY}},
    "planned_values": {"root_module": {}},
    "resource_changes": [
        {
            "address": "aws_db_instance.a",
            "type": "aws_db_instance",
            "change": {
                "actions": ["create"],
                "after": {"engine": "postgres", "engine_version": "16.3", "password": CANARY},
            },
        }
    ],
}
_KUBERNETES = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: s}}
stringData: {{password: {CANARY}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: c}}
data:
  redis.conf: |
    requirepass {CANARY}
    maxmemory-policy allkeys-lru {CANARY}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: redis, annotations: {{kubectl: '{CANARY}'}}}}
spec:
  template:
    spec:
      volumes: [{{name: v, configMap: {{name: c}}}}]
      containers:
        - name: r
          image: redis:7.0.15
          env: [{{name: P, value: {CANARY}}}]
          volumeMounts: [{{name: v, mountPath: /etc/redis}}]
          command: [sh, -c]
          args: [{json.dumps(_SCRIPT)}]
---
apiVersion: rabbitmq.com/v1beta1
kind: RabbitmqCluster
metadata: {{name: q}}
spec:
  image: rabbitmq:3.13.2
  rabbitmq:
    additionalConfig: "heartbeat = 60 {CANARY}\\ndefault_pass = {CANARY}\\n"
    additionalPlugins: ["{CANARY} x"]
---
apiVersion: k8s.mariadb.com/v1alpha1
kind: MariaDB
metadata: {{name: m}}
spec: {{image: "mariadb:11.4.3", myCnf: "[mariadb]\\nsql_mode=ANSI ; {CANARY}\\n"}}
"""
_COMPOSE = f"""\
x-secret: &secret {{PASSWORD: {CANARY}}}
configs: {{c: {{content: "{CANARY}"}}}}
services:
  cache:
    image: redis:7.0.15
    environment: *secret
    labels: [{CANARY}]
    command: [sh, -c, {json.dumps(_SCRIPT)}]
    healthcheck: {{test: "redis-cli -a {CANARY} ping"}}
  db:
    image: mysql:8.0.36
    environment: ["MYSQL_PASSWORD={CANARY}"]
    command: mysqld --sql-mode ANSI {CANARY} --init-connect={CANARY} --character-set-server=utf8mb4
  pg:
    image: postgres:15.4
    command: bash -c "PGPASSWORD={CANARY} postgres -c wal_level=logical; psql postgres://u:{CANARY}@h"
"""
_CI = f"""\
on: push
jobs:
  a:
    runs-on: x
    env: {{P: {CANARY}}}
    services:
      db:
        image: postgres:15.4
        credentials: {{username: u, password: {CANARY}}}
        env: {{POSTGRES_PASSWORD: {CANARY}}}
        options: --health-cmd "psql {CANARY}"
"""
_HELM = f"""\
redis:
  image: {{repository: bitnami/redis, tag: 7.0.15}}
  auth: {{password: {CANARY}}}
  commonConfiguration: "requirepass {CANARY}"
rabbitmq:
  image: {{repository: bitnami/rabbitmq, tag: 3.12.4}}
  communityPlugins: "https://u:{CANARY}@x/y.ez"
"""
_LIVE = {"live": "redis", "info": {"redis_version": "7.0.15", "requirepass": CANARY}, "config": {"requirepass": CANARY}}
_CLOUDFORMATION = f"""\
AWSTemplateFormatVersion: "2010-09-09"
Parameters: {{P: {{Type: String, Default: {CANARY}}}}}
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {{Engine: postgres, EngineVersion: "15.4", MasterUserPassword: {CANARY}, MasterUsername: {CANARY}}}
"""
_PULUMI = {
    "version": 3,
    "deployment": {
        "secrets_providers": {"state": CANARY},
        "resources": [
            {
                "urn": "urn:pulumi:p::s::aws:rds/instance:Instance::db",
                "type": "aws:rds/instance:Instance",
                "outputs": {"identifier": "db", "engine": "postgres", "engineVersion": "15.4", "password": CANARY},
                "inputs": {"password": CANARY},
            }
        ],
    },
}
_CLOUD = {
    "DBInstances": [
        {
            "DBInstanceIdentifier": "db",
            "Engine": "postgres",
            "EngineVersion": "15.4",
            "MasterUsername": CANARY,
            "PendingModifiedValues": {"MasterUserPassword": CANARY},
        }
    ]
}
_DIGITALOCEAN = f"""\
name: app
envs: [{{key: A, value: {CANARY}}}]
databases: [{{name: db, engine: PG, version: "15", db_user: {CANARY}}}]
services:
  - name: w
    envs: [{{key: A, value: {CANARY}}}]
    run_command: redis-server --requirepass {CANARY}
    image: {{registry_type: DOCKER_HUB, registry: library, repository: redis, tag: 7.2.4, registry_credentials: "{CANARY}"}}
"""
_NOMAD = {
    "Job": {
        "ID": "j",
        "TaskGroups": [
            {
                "Name": "g",
                "Tasks": [
                    {
                        "Name": "cache",
                        "Driver": "docker",
                        "Env": {"P": CANARY},
                        "Config": {
                            "image": "redis:7.0.15",
                            "command": "sh",
                            "args": ["-c", _SCRIPT],
                            "auth": {"password": CANARY},
                        },
                        "Templates": [{"EmbeddedTmpl": CANARY}],
                    }
                ],
            }
        ],
    }
}
#: By the family that is to read it: the file's name and its text.
DOCUMENTS: dict[str, list[tuple[str, str]]] = {
    "terraform-state": [("a.tfstate", json.dumps(_TERRAFORM)), ("plan.json", json.dumps(_PLAN))],
    "cloudformation": [("cfn.yaml", _CLOUDFORMATION)],
    "pulumi": [("pulumi.json", json.dumps(_PULUMI))],
    "cloud": [
        ("rds.json", json.dumps(_CLOUD)),
        ("pg.txt", f"=== DATABASE_URL\nPlan: Standard 0\nPG Version: 15.4\nPassword: {CANARY}\n"),
    ],
    "kubernetes": [("k8s.yaml", _KUBERNETES)],
    "compose": [("compose.prod.yaml", _COMPOSE)],
    "ci": [("workflow.yml", _CI)],
    "helm": [("values.yaml", _HELM)],
    "live": [("live.json", json.dumps(_LIVE))],
    "platformsh": [
        (
            "services.yaml",
            f"db: {{type: 'postgresql:15', configuration: {{password: {CANARY}, extensions: [vector]}}}}\n",
        )
    ],
    "render": [
        (
            "render.yaml",
            f"databases: [{{name: db, postgresMajorVersion: '15', user: {CANARY}}}]\n"
            f"services: [{{type: web, name: w, envVars: [{{key: A, value: {CANARY}}}]}}]\n",
        )
    ],
    "digitalocean": [("app.yaml", _DIGITALOCEAN)],
    "heroku": [
        ("app.json", json.dumps({"addons": ["heroku-postgresql:standard-0"], "env": {"A": {"value": CANARY}}})),
    ],
    "fly": [("fly.toml", f'app = "x"\n[build]\nimage = "flyio/postgres-flex:15.3"\n[env]\nP = "{CANARY}"\n')],
    "nomad": [("job.json", json.dumps(_NOMAD))],
    "runtimes": [
        ("Dockerfile", f"ARG TOKEN={CANARY}\nFROM python:3.12.4-slim\nENV KEY={CANARY}\nRUN curl -u x:{CANARY} h\n"),
        (".nvmrc", f"{CANARY}\n"),
        ("package.json", json.dumps({"engines": {"node": f">=18 {CANARY}"}, "config": {"key": CANARY}})),
        ("pyproject.toml", f'[project]\nrequires-python = ">=3.11 {CANARY}"\n'),
    ],
    "version-managers": [
        (".tool-versions", f"python 3.12.4 {CANARY}\nnodejs {CANARY}\npostgres {CANARY}\n"),
        (
            "mise.toml",
            f'[env]\nP = "{CANARY}"\n[tools]\npostgres = "{CANARY}"\nredis = {{version = "7", x = "{CANARY}"}}\n',
        ),
    ],
    "terraform": [
        (
            "main.tf",
            f'variable "p" {{\n default = "{CANARY}"\n}}\nresource "aws_db_instance" "a" {{\n engine = "postgres"\n'
            f' engine_version = format("%s", "x.{CANARY}", "{CANARY}")\n password = var.p\n}}\n'
            f'resource "aws_db_instance" "b" {{\n engine = "postgres"\n engine_version = var.p\n}}\n'
            f'module "m" {{\n source = "acme/{CANARY}/aws"\n engine_version = "{CANARY}"\n}}\n',
        ),
    ],
    "images": [
        (
            "deploy.yml",
            f'accessories: {{db: {{image: "postgres:15.4", env: {{clear: {{P: {CANARY}}}}}, cmd: "x {CANARY}"}}}}',
        ),
    ],
}
#: Files that nobody can read to their end: what is said of them must not repeat what is in them either.
BROKEN = [
    ("cut.tfstate", json.dumps(_TERRAFORM)[:-40]),
    ("twice.json", f'{{"version":4,"{CANARY}":"a" "{CANARY}"}}'),
    ("bad.toml", f'app = "x"\n[env]\nP = {CANARY}\n'),
    ("alias.yml", f"services:\n  a:\n    image: redis:7\n    environment: {{P: *{CANARY}}}\n"),
    ("escape.yml", f'services:\n  a:\n    image: redis:7\n    environment: {{P: "{CANARY}\\q"}}\n'),
    ("main.tf", f'resource "aws_db_instance" "a" {{ x = = {CANARY} }}'),
    (".circleci/config.yml", f"version: 2.1\njobs: {{t: {{docker: [{{image: {CANARY}}}], steps: [{CANARY}]}}}}\n"),
    ("tag.yml", f"services:\n  a:\n    image: redis:7\n    environment: {{P: !{CANARY} x}}\n"),
]
_FILES = [pair for pairs in DOCUMENTS.values() for pair in pairs]


def test_every_family_is_here() -> None:
    names = {source.name for source in registry.SOURCES}
    assert set(DOCUMENTS) == names - {"unread"}  # which tells nothing: it is among the broken ones


@pytest.mark.parametrize(("family", "name", "text"), [(f, *pair) for f, pairs in DOCUMENTS.items() for pair in pairs])
def test_facts_tell_none(family: str, name: str, text: str, tmp_path: Path) -> None:
    tree(tmp_path, {name: text})
    read = document.decode(name, text.encode())
    source = registry.source_of(read)
    assert source is not None
    assert source.name == family
    for words in ([], ["--format", "json"]):
        ended = said(tmp_path, "facts", name, *words)
        assert ended.code == 0, ended.err
        assert CANARY not in ended.out + ended.err


@pytest.mark.parametrize(("name", "text"), BROKEN)
def test_broken_files_tell_none(name: str, text: str, tmp_path: Path) -> None:
    tree(tmp_path, {name: text})
    for words in ([], ["--format", "json"]):
        ended = said(tmp_path, "facts", name, *words)
        assert CANARY not in ended.out + ended.err


MANIFEST = """\
[project]
name = "shop"
[environments.production]
sources = [{ path = "compose.prod.yaml" }, { path = "rds.json" }, { path = "cut.tfstate" }]
[services.cache]
kind = "redis"
version = "7.0.15"
[services.db]
kind = "mysql"
version = "8.0.36"
[services.pg]
kind = "postgres"
version = "15.4"
from = "pg"
"""


@pytest.mark.usefixtures("programs")
def test_a_sync_writes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest, the lock, what is rendered and what this machine remembers."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")  # for the docker CLI, which is asked too
    shop = tree(tmp_path / "shop", {**dict(_FILES), **dict(BROKEN), "devenv.toml": MANIFEST})
    (shop / "devenv.lock").write_text(_lock())
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/no.sock"}
    ended = said(shop, "sync", "--yes", env=nowhere)
    assert "maxmemory-policy" not in (shop / "devenv.toml").read_text()
    assert 'appendonly = "yes" # from compose' in (shop / "devenv.toml").read_text(), ended.err
    assert 'character_set_server = "utf8mb4"' in (shop / "devenv.toml").read_text()
    more = [
        said(shop, *words.split(), env=nowhere) for words in ("history", "history -j", "sync --check -j", "sync -j -y")
    ]
    for each in (ended, *more):
        assert CANARY not in each.out + each.err
    assert _told_in(shop) | _told_in(Path(os.environ["DEVENV_STATE"])) == set()


def test_a_crash_tells_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what an error says of a value nor what the value was gets into the log."""
    shop = tree(tmp_path / "shop", {"a.tfstate": json.dumps(_TERRAFORM)})

    def fails(*_: object, **__: object) -> None:
        try:
            int(CANARY)
        except ValueError as error:
            raise KeyError(CANARY) from error

    monkeypatch.setattr(gather, "decode", fails)
    ended = said(shop, "facts", "a.tfstate")
    assert (ended.code, ended.out) == (1, "")
    assert "KeyError" in ended.err
    log = (Path(os.environ["DEVENV_STATE"]) / "crash.log").read_text()
    assert "ValueError" in log
    assert "gather.py" in log
    assert CANARY not in ended.err + log


def _lock() -> str:
    from devenv.stages.locking import write_lock

    return write_lock(lock_for(manifest(MANIFEST.replace('from = "pg"\n', ""))))


def _told_in(folder: Path) -> set[str]:
    own = {folder / name for name, _ in (*_FILES, *BROKEN)}
    found = (path for path in folder.rglob("*") if path.is_file() and path not in own)
    return {str(path) for path in found if CANARY in path.read_text(errors="replace")}
