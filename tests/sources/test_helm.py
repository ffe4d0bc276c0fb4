from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.helm import parse, recognises
from devenv.sources.known import Known

DAY = "2026-11-24"
PATCH, SERIES, NONE = Precision.PATCH, Precision.SERIES, Precision.NONE
KNOWN = Known(
    {
        "postgres": "postgres",
        "bitnami/postgresql": "postgres",
        "redis": "redis",
        "bitnami/redis": "redis",
        "rabbitmq": "rabbitmq",
        "bitnami/rabbitmq": "rabbitmq",
        "elasticsearch": "elasticsearch",
        "opensearchproject/opensearch": "opensearch",
    },
    {
        "postgresql": (("13.0.0", "16.0.0"), ("14.0.3", "16.2.0"), ("15.2.11", "16.3.0")),
        "redis": (("18.0.0", "7.2.0"), ("22.0.4", "8.2.1")),
        "elasticsearch": (("19.0.0", "8.3.0"), ("21.0.0", "8.13.3")),
        "postgresql-ha": (("12.0.0", "16.0.0"),),
    },
)
KEYS = [
    "dependencies", "name", "version", "repository", "image", "tag", "apiVersion", "digest", "chart", "app_version",
    "alias", "condition", "enabled", "postgresql", "plugins", "primary", "extendedConfiguration",
]  # fmt: skip
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["postgresql", "^14.0.0", "14.2.3", "postgres:16", "$A", "v2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=25,
)


def yaml(text: str, file: str) -> Document:
    return decode(file, text.encode(), day=DAY)


def fact(kind: str, version: str, precision: Precision, name: str, where: str, **more: Any) -> Fact:
    """``where`` is ``file address attribute``."""
    file, address, attribute = where.split(" ")
    more.setdefault("status", Status.ACTUAL if version else Status.UNKNOWN)
    more.setdefault("trust", Trust.DECLARED)
    return Fact(kind, Evidence("helm", file, address, attribute, DAY), version, precision, name=name, **more)


def test_a_charts_dependencies_by_the_table() -> None:
    document = yaml(
        """
apiVersion: v2
name: shop
version: 1.0.0
dependencies:
  - {name: postgresql, version: 14.2.3, repository: "oci://registry-1.docker.io/bitnamicharts", alias: db}
  - {name: redis, version: 22.0.7, repository: "@bitnami"}
  - {name: common, version: 2.0.0, repository: "@bitnami"}
  - {name: postgresql-ha, version: 12.1.0, repository: "https://charts.bitnami.com/bitnami"}
""",
        "deploy/Chart.yaml",
    )
    assert recognises(document)
    reading = parse([document], KNOWN)
    where = "deploy/Chart.yaml dependencies.{} dependencies[{}].version"
    assert reading.facts == (
        fact("postgres", "16.2", PATCH, "db", where.format("db", 0), note="chart postgresql 14.2.3 installs 16.2"),
        fact(
            "redis", "8.2.1", PATCH, "redis", where.format("redis", 1),
            note="chart redis 22.0.7 installs 8.2.1; devenv's table ends at 22.0.4",
        ),
        fact(
            "postgres", "16.0", PATCH, "postgresql-ha", where.format("postgresql-ha", 3),
            note="chart postgresql-ha 12.1.0 installs 16.0; devenv's table ends at 12.0.0",
        ),
    )  # fmt: skip
    assert (reading.notes, reading.wants) == ((), ())


@pytest.mark.parametrize(
    ("name", "version", "repository", "expected", "note"),
    [
        ("redis", "17.0.0", "", "", "devenv's table does not hold chart redis 17.0.0; ask helm list"),
        ("redis", "25.0.0", "", "", "devenv's table does not hold chart redis 25.0.0; ask helm list"),
        (
            "redis",
            "18.0.0",
            "https://example.com/charts",
            "",
            "chart redis does not say which version it installs; 'helm list -o json' does",
        ),
        (
            "opensearch",
            "2.1.0",
            "https://opensearch-project.github.io/helm-charts",
            "",
            "chart opensearch does not say which version it installs; 'helm list -o json' does",
        ),
        ("elasticsearch", "8.5.1", "https://helm.elastic.co", "8.5.1", ""),
    ],
)
def test_charts_that_the_table_does_not_tell(
    name: str, version: str, repository: str, expected: str, note: str
) -> None:
    text = f"dependencies:\n  - {{name: {name}, version: {version}, repository: '{repository}'}}"
    (found,) = parse([yaml(text, "requirements.yaml")], KNOWN).facts
    assert (found.version, found.note) == (expected, note)


def test_ranges_need_the_lock() -> None:
    chart = yaml(
        "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies: [{name: postgresql, version: ^14.0.0}]",
        "a/Chart.yaml",
    )
    where = "a/Chart.yaml dependencies.postgresql dependencies[0].version"
    reading = parse([chart], KNOWN)
    said = "chart postgresql does not say which version it installs; 'helm list -o json' does"
    assert reading.facts == (fact("postgres", "", NONE, "postgresql", where, note=said),)
    open_version = "leaves its version open: give devenv Chart.lock too, or what 'helm list -o json' prints"
    assert reading.notes == (Note(open_version, "a/Chart.yaml", address="dependencies.postgresql", failed=True),)
    assert reading.wants == ("a/Chart.lock",)
    lock = yaml(
        "dependencies:\n- {name: common, version: 2.0.0}\n- {name: postgresql, version: 15.3.0}\ndigest: sha256:ab\ngenerated: x",
        "a/Chart.lock",
    )
    assert recognises(lock)
    where = "a/Chart.lock dependencies.postgresql dependencies[1].version"
    locked = fact(
        "postgres", "16.3", PATCH, "postgresql", where,
        note="chart postgresql 15.3.0 installs 16.3; devenv's table ends at 15.2.11",
    )  # fmt: skip
    reading = parse([chart, lock], KNOWN)
    assert (reading.facts, reading.notes, reading.wants) == ((locked,), (), ())
    assert parse([lock], KNOWN).facts == (locked,)


@pytest.mark.parametrize(
    "version", ["~14.2.0", "14.x.x", "14.2.x", ">=14.0.0 <15", "14.0.0 - 15.0.0", "*", "14", "", "14.1.0 || 14.2.0"]
)
def test_what_is_a_range(version: str) -> None:
    chart = yaml(f"dependencies: [{{name: postgresql, version: '{version}'}}]", "requirements.yaml")
    reading = parse([chart], KNOWN)
    assert [item.version for item in reading.facts] == [""]
    assert len(reading.notes) == 1 and reading.wants == ("Chart.lock",)


def test_values_beside_a_chart_come_first() -> None:
    chart = yaml(
        """
apiVersion: v2
name: shop
version: 1.0.0
dependencies:
  - {name: postgresql, version: 14.2.3, condition: postgresql.enabled}
  - {name: redis, version: 18.0.0, condition: "missing.here,redis.enabled"}
  - {name: rabbitmq, version: 1.0.0}
""",
        "Chart.yaml",
    )
    values = yaml(
        """
postgresql:
  enabled: true
  image: {repository: bitnamilegacy/postgresql, tag: 15.1.0-debian-11-r0}
  auth: {password: canary1}
  postgresqlSharedPreloadLibraries: pgaudit
  primary:
    extendedConfiguration: |
      max_connections = 300
      primary_conninfo = 'password=canary2'
redis: {enabled: false, image: {repository: bitnami/redis, tag: 7.2.4}}
rabbitmq:
  image: {tag: 3.13.7}
  plugins: "rabbitmq_management rabbitmq_peer_discovery_k8s"
  extraPlugins: rabbitmq_shovel
  extraConfiguration: |
    consumer_timeout = 60000
    default_pass = canary3
web: {image: {repository: acme/web, tag: "1"}}
cache: {image: {registry: docker.io, repository: redis, tag: 7.2.4-alpine}}
queue: {image: "rabbitmq:3.12-management"}
off: {enabled: false, image: "redis:6"}
""",
        "values.yaml",
    )
    production = yaml(
        "postgresql: {image: {tag: 16.4.0-debian-12-r0}}\ncache: {image: {tag: 7.4.1}}", "values-production.yaml"
    )
    assert recognises(values) and recognises(production)
    reading = parse([chart, values, production], KNOWN)
    settings = {"max_connections": "300", "shared_preload_libraries": "pgaudit"}
    assert reading.facts == (
        fact("postgres", "16.4", PATCH, "postgresql", "values-production.yaml postgresql image.tag", settings=settings),
        fact(
            "rabbitmq", "3.13.7", PATCH, "rabbitmq", "values.yaml rabbitmq image.tag",
            plugins=("rabbitmq_management", "rabbitmq_shovel"), settings={"consumer_timeout": "60000"},
        ),
        fact("redis", "7.4.1", PATCH, "cache", "values-production.yaml cache image.tag"),
        fact(
            "rabbitmq", "3.12", Precision.MINOR, "queue", "values.yaml queue image", variant="management",
            plugins=("rabbitmq_management",),
        ),
    )  # fmt: skip
    assert reading.notes == ()
    assert "canary" not in repr(reading)


def test_several_files_of_values_are_not_mixed() -> None:
    documents = [
        yaml("cache: {image: {repository: redis, tag: 7.2.4}}", "a/values.yaml"),
        yaml("cache: {image: {tag: 7.4.1}}", "a/values-production.yaml"),
        yaml("cache: {image: {tag: 8.0.0}}", "a/values-staging.yaml"),
    ]
    reading = parse(documents, KNOWN)
    assert reading.facts == (fact("redis", "7.2.4", PATCH, "cache", "a/values.yaml cache image.tag"),)
    said = "more than one file of values stands beside this one: name production's alone"
    assert reading.notes == (Note(said, "a/values.yaml"),)


def test_values_of_a_servers_own_chart_and_deep_ones() -> None:
    own = yaml(
        "image: {repository: bitnami/redis, tag: 7.2.4-debian-12-r0}\ncommonConfiguration: 'appendonly no'",
        "values.yaml",
    )
    (found,) = parse([own], KNOWN).facts
    assert found == fact("redis", "7.2.4", PATCH, "", "values.yaml  image.tag", settings={"appendonly": "no"})
    deep = yaml("services: [{name: x, primary: {redisImage: 'redis:7.2.4'}}]", "values.yaml")
    assert parse([deep], KNOWN).facts == (
        fact("redis", "7.2.4", PATCH, "services", "values.yaml services.[0].primary redisImage"),
    )
    assert parse([yaml("a: {image: 'redis:$TAG'}", "values.yaml")], KNOWN).notes == (
        Note("the variable TAG is not filled in, so the version is unknown", "values.yaml", address="a"),
    )


def test_what_is_installed_now() -> None:
    value = [
        {
            "name": "db",
            "namespace": "prod",
            "chart": "postgresql-14.2.3",
            "app_version": "16.2.0",
            "status": "deployed",
        },
        {"name": "old", "namespace": "prod", "chart": "redis-18.0.0", "app_version": "7.2.0", "status": "uninstalled"},
        {"name": "web", "namespace": "prod", "chart": "shop-1.0.0", "app_version": "1.0"},
        {"name": "cache", "chart": "redis-99.0.0-rc.1", "app_version": "8.0.1", "status": "deployed"},
        {"name": "odd", "chart": "redis", "app_version": "8.0.1"},
    ]
    document = decode("helm list -o json", json.dumps(value).encode(), asked=True, day=DAY)
    assert recognises(document)
    evidence = Evidence("helm", "helm list -o json", "prod/db", "app_version", DAY)
    assert parse([document], KNOWN).facts == (
        Fact("postgres", evidence, "16.2", PATCH, name="db", trust=Trust.ASKED),
        Fact(
            "redis", Evidence("helm", "helm list -o json", "cache", "app_version", DAY), "8.0.1", PATCH, name="cache",
            trust=Trust.ASKED,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("services: {db: {image: 'postgres:16'}}", "compose.yml"),
        ("apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'postgres:16'}]}", "pod.yml"),
        ("dependencies: [python, numpy]", "environment.yml"),
        ("jobs: {a: {runs-on: x, container: {image: 'postgres:16'}}}", "ci.yml"),
        ("test: {script: x, image: 'postgres:16'}", ".gitlab-ci.yml"),
        ("[{chart: x}]", "x.yml"),
        ("a: 1", "x.yml"),
    ],
)
def test_what_is_somebody_elses(text: str, file: str) -> None:
    assert not recognises(yaml(text, file))


@pytest.mark.parametrize("key", ["deployment", "jobs", "kind", "Resources", "format_version"])
def test_values_may_have_any_key(key: str) -> None:
    chart = yaml(
        "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies: [{name: postgresql, version: 14.2.3}]", "Chart.yaml"
    )
    values = yaml(f"{key}: {{x: y}}\npostgresql: {{image: {{tag: 15.4.0}}}}", "values.yaml")
    (found,) = parse([chart, values], KNOWN).facts
    assert (found.version, found.evidence.file) == ("15.4", "values.yaml")


def test_what_only_uses_a_server_is_none() -> None:
    values = yaml(
        """
waitForDatabase: {image: "postgres:13"}
migrations: {image: {repository: postgres, tag: "12"}}
web:
  extraInitContainers: [{name: x, image: "redis:5"}]
  image: {repository: acme/web, tag: "1"}
cronjobs:
  nightly: {image: {repository: postgres, tag: "11"}}
report: {image: "postgres:10", command: [psql, -f, report.sql]}
db: {image: "postgres:16.4"}
""",
        "values.yaml",
    )
    assert [(found.name, found.version) for found in parse([values], KNOWN).facts] == [("db", "16.4")]


def test_images_of_several_under_one_key() -> None:
    values = yaml(
        "image: {db: {repository: postgres, tag: '16.4'}, web: {repository: acme/web, tag: '1'}}", "values.yaml"
    )
    (found,) = parse([values], KNOWN).facts
    assert found == fact("postgres", "16.4", PATCH, "db", "values.yaml image.db tag")


def test_a_part_of_a_server_is_no_name_of_one() -> None:
    values = yaml("app: {containers: {main: {image: {repository: postgres, tag: '16.4'}}}}", "values.yaml")
    assert [found.name for found in parse([values], KNOWN).facts] == [""]


def test_a_tag_without_a_repository_is_a_doubtful_version() -> None:
    document = yaml(
        """
postgresql: {enabled: true, image: {tag: "15.20"}, primary: {extendedConfiguration: "max_connections = 300"}}
redis: {image: {repository: bitnami/redis, tag: 7.2.4}, metrics: {image: {tag: 1.0.3}}}
rabbitmq: {enabled: false, image: {tag: 3.13.7}}
elasticsearch: {image: {tag: latest}}
web: {image: {tag: "1.2"}}
""",
        "production.yaml",
    )
    assert recognises(document)
    said = "image.tag 15.20 stands without a repository; it is taken for the server's version"
    unknown = "the tag latest does not name the server's version; ask the server itself"
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact(
            "elasticsearch", "", NONE, "elasticsearch", "production.yaml elasticsearch image.tag",
            note=unknown, doubtful=True,
        ),
        fact(
            "postgres", "15.20", PATCH, "postgresql", "production.yaml postgresql image.tag",
            note=said, doubtful=True, settings={"max_connections": "300"},
        ),
        fact("redis", "7.2.4", PATCH, "redis", "production.yaml redis image.tag"),
    )  # fmt: skip
    assert reading.notes == ()


def test_a_file_with_only_a_tag_is_helms() -> None:
    document = yaml("postgresql: {enabled: true, image: {tag: '15.20'}}", "production.yaml")
    assert recognises(document)
    (found,) = parse([document], KNOWN).facts
    assert (found.version, found.doubtful) == ("15.20", True)


def test_a_release_of_an_applications_chart_with_only_a_tag() -> None:
    text = "releases: [{name: shop, chart: ./charts/shop, values: [{postgresql: {image: {tag: '15.20'}}}]}]"
    (found,) = parse([yaml(text, "helmfile.yaml")], KNOWN).facts
    assert (found.kind, found.version, found.doubtful) == ("postgres", "15.20", True)


def test_a_file_of_any_name_that_the_manifest_calls_helms() -> None:
    document = yaml("db: {image: 'postgres:16.4'}", "production.yaml")
    assert not recognises(document)
    assert [found.version for found in parse([document], KNOWN).facts] == ["16.4"]


HELMFILE = """
repositories: [{name: bitnami, url: "https://charts.bitnami.com/bitnami"}, {name: acme, url: "https://acme.example"}]
releases:
  - {name: db, namespace: prod, chart: bitnami/postgresql, version: 14.2.3, values: [{auth: {password: canary}}]}
  - {name: cache, chart: bitnami/redis, version: 18.0.0, values: [prod.yaml, {image: {tag: 7.2.4}}]}
  - {name: shop, chart: ./charts/shop, values: [{app: {image: "rabbitmq:3.13.7"}}]}
  - {name: old, chart: bitnami/redis, version: 18.0.0, installed: false}
  - {name: other, chart: acme/postgresql, version: 14.2.3}
"""


def test_a_helmfile() -> None:
    document = yaml(HELMFILE, "helmfile.yaml")
    assert recognises(document)
    reading = parse([document], KNOWN)
    found = [(each.kind, each.version, each.name, each.evidence.address) for each in reading.facts]
    assert found == [
        ("postgres", "16.2", "db", "prod/db"),
        ("redis", "7.2.4", "cache", "cache"),
        ("rabbitmq", "3.13.7", "shop", "shop"),
        ("postgres", "", "other", "other"),
    ]
    assert "canary" not in repr(reading)


def test_a_services_own_chart() -> None:
    chart = yaml("apiVersion: v2\nname: postgresql\nversion: 14.2.3\nappVersion: 16.2.0", "db/Chart.yaml")
    (found,) = parse([chart], KNOWN).facts
    assert found == fact("postgres", "16.2", PATCH, "postgresql", "db/Chart.yaml postgresql appVersion")
    values = yaml("image: {repository: bitnami/postgresql, tag: 16.4.0-debian-12-r0}", "db/values.yaml")
    (found,) = parse([chart, values], KNOWN).facts
    assert (found.version, found.name, found.evidence.file) == ("16.4", "postgresql", "db/values.yaml")


def test_a_chart_that_another_one_brings_along_is_that_ones() -> None:
    above = yaml(
        "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies: [{name: postgresql, version: 14.2.3}]",
        "a/Chart.yaml",
    )
    own = yaml(
        "apiVersion: v2\nname: postgresql\nversion: 14.2.3\nappVersion: 16.2.0", "a/charts/postgresql/Chart.yaml"
    )
    assert [found.evidence.file for found in parse([above, own], KNOWN).facts] == ["a/Chart.yaml"]


@given(st.lists(ANYTHING, min_size=1, max_size=3))
def test_nothing_fails(values: list[Any]) -> None:
    names = ["values.yaml", "Chart.yaml", "values-x.yaml"]
    documents = [Document(name, "yaml", (value,)) for name, value in zip(names, values, strict=False)]
    for document in documents:
        recognises(document)
    parse(documents, KNOWN)
