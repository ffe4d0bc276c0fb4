"""What is rendered is what the published schemas say, and what the reference CLI of devcontainers takes."""

from __future__ import annotations

import importlib.resources
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from devenv import yamlio
from tests.golden.harness import cases, name

ROOT = Path(__file__).parents[2]
RENDERED = [case / "expected" for case in cases("render")]
COMPOSE = [file for folder in RENDERED for file in sorted(folder.rglob("compose*.yaml"))]
CONFIGS = [file for folder in RENDERED for file in sorted(folder.rglob("devcontainer.json"))]


@pytest.fixture(scope="module")
def schema() -> Any:
    """The compose-spec's, as check-jsonschema brings it along."""
    place = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    return json.loads(place.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", COMPOSE, ids=name)
def test_compose_files(file: Path, schema: Any) -> None:
    jsonschema.validate(yamlio.parse(file.read_text()), schema)


def test_the_schema_is_no_yes_man(schema: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"services": {"db": {"imagge": "postgres"}}}, schema)


@pytest.fixture(scope="module")
def program() -> Path:
    """The reference CLI."""
    script = ROOT / "tests" / "machine" / "devcontainer.sh"
    done = subprocess.run([script], capture_output=True, text=True, check=True, timeout=600)
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def devcontainer(program: Path) -> Any:
    """What checks a devcontainer.json. VS Code's own settings are VS Code's to check."""
    schema = json.loads(program.with_name("schema.json").read_text(encoding="utf-8"))
    anything: Registry[Any] = Registry(retrieve=lambda uri: Resource({}, DRAFT7))
    return jsonschema.Draft7Validator(schema, registry=anything)


def written(file: Path) -> Any:
    """What a devcontainer.json says, without its comments."""
    return json.loads("\n".join(line for line in file.read_text().splitlines() if not line.lstrip().startswith("//")))


@pytest.mark.engine
@pytest.mark.parametrize("file", CONFIGS, ids=name)
def test_devcontainers(file: Path, devcontainer: Any) -> None:
    devcontainer.validate(written(file))


@pytest.mark.engine
@pytest.mark.parametrize("wrong", [{"shutdownAction": "nothing"}, {"serviice": "workspace"}, {"forwardPorts": ["db"]}])
def test_nor_is_that_of_devcontainers(wrong: dict[str, Any], devcontainer: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        devcontainer.validate({**written(CONFIGS[0]), **wrong})


@pytest.mark.engine
@pytest.mark.parametrize("file", CONFIGS, ids=name)
def test_the_reference_cli_reads_it(file: Path, program: Path, tmp_path: Path) -> None:
    folder = file.relative_to(next(root for root in RENDERED if file.is_relative_to(root)))
    project = tmp_path / "project"
    shutil.copytree(file.parents[len(folder.parts) - 1], project)
    words = ["read-configuration", "--workspace-folder", str(project), "--config", str(project / folder)]
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.strip().splitlines()[-1])["configuration"]
    wanted = written(file)
    assert {key: read[key] for key in wanted} == wanted
