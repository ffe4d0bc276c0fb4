"""Terraform's configuration: what is wanted, as far as the files themselves say it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Precision, Reading, Trust
from devenv.sources import registry, terraform_config
from devenv.sources.known import Known

DAY = "2026-11-30"
KNOWN = Known({"postgres": "postgres", "redis": "redis"})


def document(file: str, text: str) -> Document:
    return decode(file, text.encode(), day=DAY)


def read(files: dict[str, str], beside: dict[str, str] | None = None) -> Reading:
    found = [document(file, text) for file, text in files.items()]
    assert {source and source.name for source in map(registry.source_of, found)} == {"terraform"}
    found += [replace(document(file, text), source="terraform") for file, text in (beside or {}).items()]
    return terraform_config.parse(found, KNOWN)


def told(files: dict[str, str], beside: dict[str, str] | None = None) -> list[tuple[str, str, str, str]]:
    facts = read(files, beside).facts
    return [(fact.kind, fact.version, fact.name, fact.evidence.address) for fact in facts]


def database(version: str, more: str = "", *, name: str = "main") -> str:
    return f'resource "aws_db_instance" "{name}" {{\n engine = "postgres"\n engine_version = {version}\n {more}\n}}\n'


def test_what_is_written_is_wanted() -> None:
    reading = read({"main.tf": database('"15.4"', 'identifier = "shop"\n password = "c4n4ry"')})
    assert reading.facts == (
        Fact(
            "postgres",
            Evidence("terraform", "main.tf", "aws_db_instance.main", "engine_version", DAY),
            "15.4",
            Precision.PATCH,
            name="shop",
            note="wanted by configuration, not proven to run",
            trust=Trust.WANTED,
        ),
    )
    assert reading.notes == ()
    assert "c4n4ry" not in repr(reading)


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("var.pg", "15.4"),
        ('"${var.major}.4"', "15.4"),
        ("local.pg", "15.4"),
        ("local.by_env[var.env]", "15.4"),
        ('local.by_env["dev"]', "16.1"),
        ("var.settings.version", "15.4"),
        ("lookup(local.by_env, var.env)", "15.4"),
        ('var.env == "prod" ? "15.4" : "16.1"', "15.4"),
        ("var.is_new ? 16 : 14", "14"),
        ("tostring(var.major)", "15"),
        ("try(var.nothing, null) == null ? var.pg : var.pg", ""),
        ("coalesce(var.null, var.pg)", "15.4"),
        ("(var.pg)", "15.4"),
    ],
)
def test_expressions(written: str, version: str) -> None:
    variables = """
variable "pg" { default = "15.4" }
variable "major" { default = 15 }
variable "env" { default = "prod" }
variable "is_new" { default = false }
variable "null" { default = null }
variable "settings" { default = { version = "15.4" } }
locals {
  pg = var.pg
  by_env = { prod = "15.4", dev = "16.1" }
}
"""
    assert [found[1] for found in told({"a/main.tf": database(written), "a/variables.tf": variables})] == [version]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("var.pg", "var.pg"),
        ("data.aws_rds_engine_version.x.version", "data.aws_rds_engine_version"),
        ("module.versions.postgres", "module.versions"),
        ('var.a ? "15.4" : "16.1"', "var.a"),
        ("local.missing", "local.missing"),
    ],
)
def test_what_nobody_can_know_from_the_files(written: str, name: str) -> None:
    (fact,) = read({"main.tf": 'variable "pg" {}\n' + database(written)}).facts
    assert (fact.version, fact.note) == (
        "",
        f"its version depends on {name}, which these files do not say: give devenv the state "
        "('terraform show -json') too",
    )


def test_files_of_values() -> None:
    main = 'variable "pg" { default = "14.1" }\n' + database("var.pg")
    assert [found[1] for found in told({"main.tf": main})] == ["14.1"]
    assert [found[1] for found in told({"main.tf": main}, {"terraform.tfvars": 'pg = "15.4"'})] == ["15.4"]
    assert [found[1] for found in told({"main.tf": main}, {"prod.tfvars": 'pg = "15.4"'})] == ["15.4"]
    assert [found[1] for found in told({"main.tf": main}, {"dev.tfvars": 'pg = "16.1"'})] == ["14.1"]
    assert [found[1] for found in told({"main.tf": main}, {"x.auto.tfvars.json": '{"pg": "15.6"}'})] == ["15.6"]


def test_a_file_alone_asks_for_what_is_beside_it() -> None:
    reading = read({"infra/main.tf": database("var.pg") + 'module "m" { source = "../shared/db" }\n'})
    paths = {companion.path for companion in reading.companions}
    assert {"infra/*.tf", "infra/*.tfvars", "shared/db/*.tf"} <= paths
    beside = {"infra/variables.tf": 'variable "pg" { default = "15.4" }', "infra/other.tf": database('"9.6"')}
    assert told({"infra/main.tf": database("var.pg")}, beside) == [("postgres", "15.4", "main", "aws_db_instance.main")]


def test_modules_of_the_checkout() -> None:
    """A module is what its caller makes of it, and nothing by itself."""
    module = 'variable "v" { default = "9.6" }\nvariable "name" {}\n' + database("var.v", "identifier = var.name")
    files = {
        "envs/prod/main.tf": 'module "db" {\n source = "../../modules/db"\n v = "15.4"\n name = "shop"\n}\n',
        "modules/db/main.tf": module,
        "modules/unused/main.tf": database('"9.6"'),
    }
    assert told(files) == [("postgres", "15.4", "shop", "module.db.aws_db_instance.main")]
    assert read(files).facts[0].evidence.file == "modules/db/main.tf"
    assert told({"modules/db/main.tf": module}) == [("postgres", "9.6", "main", "aws_db_instance.main")]


def test_a_module_that_calls_itself_ends() -> None:
    text = database('"15.4"') + 'module "m" { source = "./" }\n'
    assert len(told({"a/main.tf": 'module "m" { source = "../b" }', "b/main.tf": text})) < 20


@pytest.mark.parametrize(
    "source",
    [
        "terraform-aws-modules/rds/aws",
        "registry.terraform.io/terraform-aws-modules/rds/aws",
        "git::https://github.com/terraform-aws-modules/terraform-aws-rds.git?ref=v6.1.0",
        "github.com/terraform-aws-modules/terraform-aws-rds",
    ],
)
def test_modules_of_the_registry(source: str) -> None:
    text = (
        f'module "db" {{\n source = "{source}"\n version = "~> 6.0"\n identifier = "shop"\n engine = "postgres"\n'
        ' engine_version = "15.4"\n parameters = [{ name = "max_connections", value = "200" }]\n}\n'
    )
    (fact,) = read({"main.tf": text}).facts
    assert (fact.kind, fact.version, fact.name, fact.settings) == (
        "postgres",
        "15.4",
        "shop",
        {"max_connections": "200"},
    )


def test_inputs_with_names_of_their_own() -> None:
    text = """
module "sql" {
  source = "terraform-google-modules/sql-db/google//modules/postgresql"
  name = "shop"
  database_version = "POSTGRES_15"
  database_flags = [{ name = "max_connections", value = "200" }]
}
"""
    (fact,) = read({"main.tf": text}).facts
    assert (fact.kind, fact.version, fact.name, fact.settings) == ("postgres", "15", "shop", {"max_connections": "200"})


def test_a_module_that_nobody_knows_is_told() -> None:
    text = 'module "db" {\n source = "acme/db/aws"\n engine_version = "15.4"\n}\nmodule "vpc" { source = "acme/vpc/aws" }\n'
    reading = read({"main.tf": text})
    assert reading.facts == ()
    assert [(note.address, note.failed, note.untold) for note in reading.notes] == [("module.db", False, True)]


def test_groups_of_parameters_are_found_by_reference() -> None:
    text = (
        database('"15.4"', "parameter_group_name = aws_db_parameter_group.main.name")
        + """
variable "params" { default = { max_connections = 200, work_mem = "8MB" } }
resource "aws_db_parameter_group" "main" {
  name = "${var.env}-pg"
  dynamic "parameter" {
    for_each = var.params
    content {
      name  = parameter.key
      value = parameter.value
    }
  }
}
"""
    )
    (fact,) = read({"main.tf": text}).facts
    assert fact.settings == {"max_connections": "200", "work_mem": "8MB"}
    assert fact.evidence_of("work_mem").address == "aws_db_parameter_group.main"


def test_instances() -> None:
    assert told({"a.tf": database('"15.4"', "count = 0")}) == []
    assert told({"a.tf": database('"15.4"', "count = var.unknown")}) == [
        ("postgres", "15.4", "main", "aws_db_instance.main")
    ]
    each = database("each.value", 'for_each = { a = "15.4", b = "16.1" }\n identifier = "db-${each.key}"')
    assert told({"a.tf": each}) == [
        ("postgres", "15.4", "db-a", 'aws_db_instance.main["a"]'),
        ("postgres", "16.1", "db-b", 'aws_db_instance.main["b"]'),
    ]


def test_a_replica_is_part_of_its_primary() -> None:
    text = database('"15.4"') + database('"15.4"', "replicate_source_db = aws_db_instance.main.identifier", name="copy")
    assert [fact.part_of for fact in read({"main.tf": text}).facts] == ["", "main"]


def test_containers_and_charts() -> None:
    text = """
variable "pg" { default = "15.4" }
resource "aws_ecs_task_definition" "t" {
  container_definitions = jsonencode([{ name = "db", image = "postgres:${var.pg}" }])
}
"""
    assert told({"main.tf": text}) == [("postgres", "15.4", "db", "aws_ecs_task_definition.t")]


def test_configuration_as_json() -> None:
    value = {
        "variable": {"v": {"default": "15.4"}},
        "resource": {"aws_db_instance": {"main": {"engine": "postgres", "engine_version": "${var.v}"}}},
    }
    assert told({"main.tf.json": json.dumps(value)}) == [("postgres", "15.4", "main", "aws_db_instance.main")]


def test_a_broken_block_takes_no_other_with_it() -> None:
    reading = read({"main.tf": database('"15.4"') + 'resource "aws_db_instance" "bad" { x = = c4n4ry }\n'})
    assert [fact.name for fact in reading.facts] == ["main"]
    assert [(note.line, note.address, note.untold) for note in reading.notes] == [(6, "aws_db_instance.bad", True)]
    assert "c4n4ry" not in repr(reading)


def test_locals_that_refer_to_one_another_for_ever() -> None:
    doubling = "\n".join(f" l{n} = [local.l{n + 1}, local.l{n + 1}]" for n in range(60))
    text = (
        f"locals {{\n a = local.b\n b = local.a\n{doubling}\n}}\n"
        + database("local.a")
        + database("local.l0", name="x")
    )
    assert [found[1] for found in told({"main.tf": text})] == ["", ""]


VERSIONS = """
variable "major" {}
locals { minor = 4 }
output "postgres" { value = "${var.major}.${local.minor}" }
output "all" { value = { postgres = "${var.major}.${local.minor}" } }
"""


@pytest.mark.parametrize("written", ["module.v.postgres", "module.v.all.postgres", 'module.v.all["postgres"]'])
def test_outputs_of_modules_of_the_checkout(written: str) -> None:
    call = 'module "v" {\n source = "../versions"\n major = 15\n}\n'
    files = {"prod/main.tf": call + database(written)}
    assert [found[1] for found in told(files, {"versions/main.tf": VERSIONS})] == ["15.4"]


def test_outputs_of_modules_that_are_repeated() -> None:
    call = 'module "v" {\n count = 1\n source = "../versions"\n major = 15\n}\n'
    files = {"prod/main.tf": call + database("module.v[0].postgres"), "versions/main.tf": VERSIONS}
    assert [found[1] for found in told(files)] == ["15.4"]


def test_modules_that_are_given_one_anothers_outputs() -> None:
    passing = 'variable "a" {}\nvariable "b" {}\noutput "a" { value = var.a }\noutput "b" { value = var.b }\n'
    call = 'module "x" {\n source = "./m"\n a = "15.4"\n b = module.y.b\n}\n'
    call += 'module "y" {\n source = "./m"\n a = module.x.a\n b = module.x.b\n}\n'
    files = {"main.tf": call + database("module.y.a") + database("module.y.b", name="endless"), "m/main.tf": passing}
    assert [found[1] for found in told(files)] == ["15.4", ""]


def test_override_files_replace_what_others_say() -> None:
    main = 'variable "pg" { default = "14.1" }\nlocals { size = 1 }\n' + database("var.pg", 'identifier = "shop"')
    override = 'variable "pg" { default = "15.4" }\nlocals { other = 2 }\n'
    assert told({"main.tf": main, "override.tf": override}) == [("postgres", "15.4", "shop", "aws_db_instance.main")]
    override = 'resource "aws_db_instance" "main" { engine_version = "16.3" }\n'
    (fact,) = read({"main.tf": main}, {"a_override.tf": override}).facts
    assert (fact.version, fact.name, fact.evidence.file) == ("16.3", "shop", "a_override.tf")


@pytest.mark.parametrize(
    "written",
    [
        "local.by_workspace[terraform.workspace]",
        'lookup(local.by_workspace, terraform.workspace, "14.1")',
        'terraform.workspace == "prod" ? "15.4" : "16.3"',
        '"${terraform.workspace}"',
    ],
)
def test_a_workspace_is_not_guessed(written: str) -> None:
    text = 'locals { by_workspace = { prod = "15.4", default = "16.3" } }\n' + database(written)
    (fact,) = read({"main.tf": text}).facts
    assert fact.version == ""
    assert fact.note.startswith("its version depends on terraform.workspace, which these files do not say")


RELEASE = (
    'resource "helm_release" "db" {\n name = "db"\n chart = "postgresql"\n version = "12.1.2"\n values = [%s]\n}\n'
)


@pytest.mark.parametrize(
    "values",
    [
        'yamlencode({ image = { tag = "15.4.0-debian-11-r1" }, auth = { password = var.secret } })',
        'jsonencode({ image = { tag = "15.4.0-debian-11-r1" } })',
        'file("${path.module}/values/db.yaml")',
        'templatefile("${path.module}/values/db.yaml.tftpl", { pg = "15.4", password = var.secret })',
        "<<EOT\nimage:\n  tag: 15.4.0-debian-11-r1\nauth:\n  password: ${var.secret}\nEOT\n",
    ],
)
def test_values_of_charts_in_texts_and_files(values: str) -> None:
    beside = {
        "infra/values/db.yaml": 'image: {tag: "15.4.0-debian-11-r1"}\nauth: {password: c4n4ry}\n',
        "infra/values/db.yaml.tftpl": "image:\n  tag: ${pg}.0-debian-11-r1\nauth:\n  password: ${password}\n",
    }
    main = {"infra/main.tf": RELEASE % values}
    wanted = {companion.path for companion in read(main).companions}
    assert not values.startswith(("file", "templatefile")) or wanted & beside.keys()
    known = Known({"postgres": "postgres", "bitnami/postgresql": "postgres"})
    documents = [document("infra/main.tf", main["infra/main.tf"])]
    documents += [replace(document(file, text), source="terraform") for file, text in beside.items()]
    reading = terraform_config.parse(documents, known)
    assert [(fact.kind, fact.version) for fact in reading.facts] == [("postgres", "15.4")]
    assert "c4n4ry" not in repr(reading)


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret", "a[b].yaml", "a*", "x" * 2000])
def test_files_that_are_not_asked_for(path: str) -> None:
    companions = read({"main.tf": RELEASE % f'file("{path}")'}).companions
    assert not any(path in companion.path for companion in companions)


def test_decoded_files() -> None:
    text = 'locals { versions = yamldecode(file("versions.yaml")) }\n' + database("local.versions.postgres")
    assert [found[1] for found in told({"main.tf": text}, {"versions.yaml": "postgres: '15.4'\n"})] == ["15.4"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["${var.a}", "${each.key}", "${module.a.a}", '${file("a")}', "./m", "15.4", "postgres"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resource", "module", "variable", "locals", "output", "value", "source", "default", "aws_db_instance", "count", "for_each",
                 "dynamic", "content", "parameter", "parameters", "engine", "engine_version", "a", "helm_release", "set"]
            ),
            inner,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["resource", "module", "variable", "locals", "output"]), ANYTHING))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_the_shape(value: dict[str, object]) -> None:
    terraform_config.parse(
        [document("x.tf.json", json.dumps(value)), document("m/x.tf.json", json.dumps(value))], KNOWN
    )
