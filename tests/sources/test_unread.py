"""Formats that are recognised and not read: each is named, and none passes for nothing of ours."""

from __future__ import annotations

import pytest

from devenv.document import decode
from devenv.sources import registry
from devenv.sources.known import Known

KNOWN = Known({"postgres": "postgres"})


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        (".circleci/config.yml", "version: 2.1\njobs: {t: {docker: [{image: 'postgres:15'}], steps: [x]}}", "CircleCI"),
        ("azure-pipelines.yml", "resources: {containers: [{image: 'postgres:15'}]}", "Azure Pipelines"),
        ("ci/build.yml", "pool: {vmImage: x}\nstages: [{stage: a}]", "Azure Pipelines"),
        (".drone.yml", "kind: pipeline\ntype: docker\nservices: [{name: db, image: 'postgres:15'}]", "Drone"),
        (".buildkite/pipeline.yml", "steps: [{command: make}]", "Buildkite"),
        (".woodpecker.yml", "services: [{name: db, image: 'postgres:15'}]\nsteps: [{name: a}]", "Woodpecker"),
        (".travis.yml", "language: python\nservices: [postgresql]\naddons: {postgresql: '15'}", "Travis CI"),
        (".cirrus.yml", "task: {additional_containers: [{name: db, image: 'postgres:15'}]}", "Cirrus CI"),
        (".semaphore/semaphore.yml", "agent: {containers: [{name: db, image: 'postgres:9.6'}]}", "Semaphore"),
        ("codeship-services.yml", "db: {image: 'postgres:15.1'}", "Codeship"),
        (
            "infra/main.json",
            '{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"}',
            "an ARM template",
        ),
        ("main.bicep", "resource db 'Microsoft.DBforPostgreSQL/flexibleServers@2022-12-01' = {\n}\n", "Bicep"),
        ("group_vars/all.yml", "postgres_version: 15", "Ansible"),
        ("site.yml", "- hosts: db\n  roles: [postgres]", "Ansible"),
        ("db.container", "[Container]\nImage=docker.io/library/postgres:15\n", "a Podman Quadlet"),
    ],
)
def test_each_is_named_with_what_to_give_instead(file: str, text: str, name: str) -> None:
    reading = registry.parse([decode(file, text.encode())], KNOWN)
    assert reading.facts == ()
    (note,) = reading.notes
    assert note.message.startswith(f"{name} is not read: ")
    assert (note.failed, note.untold) == (True, True)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("compose.yml", "services: {db: {image: 'postgres:15'}}"),
        (".github/workflows/t.yml", "jobs: {t: {runs-on: x, services: {db: {image: 'postgres:15'}}}}"),
        ("schema.json", '{"$schema": "https://json-schema.org/draft/2020-12/schema"}'),
        ("list.yml", "- hosts: a\n- b: c"),
    ],
)
def test_what_is_none_of_them(file: str, text: str) -> None:
    source = registry.source_of(decode(file, text.encode()))
    assert source is None or source.name != "unread"
