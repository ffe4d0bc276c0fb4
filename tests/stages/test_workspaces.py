"""[devcontainer] and [runtimes]: what they mean, and what is wrong with them."""

from __future__ import annotations

import pytest

from devenv.errors import ManifestError
from devenv.kinds import runtimes
from devenv.model.workspace import Workspace
from devenv.stages.workspaces import wanted
from tests.making import manifest

SERVICES = '[services.db]\nkind = "postgres"\nversion = "15.4"\n[services.cache]\nkind = "redis"\nversion = "7.0.15"\n'
RUNTIMES = '[runtimes]\npython = "3.12.4"\nnode = "20.11.1"\n'


def workspaces(text: str) -> dict[str, Workspace]:
    return {item.name: item for item in wanted(manifest(text), runtimes())}


def test_the_first_runtime_is_the_base_and_the_others_are_brought_along() -> None:
    one = workspaces(f"{SERVICES}{RUNTIMES}[devcontainer]\nextensions = []\n")[""]
    assert one.base.familiar == "python:3.12.4-bookworm"
    assert [item.image.familiar for item in one.runtimes] == ["python:3.12.4-bookworm", "node:20.11.1-bookworm"]
    assert (one.services, one.service, one.folder, one.user) == (("db", "cache"), "workspace", ".devcontainer", "dev")


def test_what_only_its_own_image_can_hold_is_the_base() -> None:
    one = workspaces('[runtimes]\nnode = "20"\nphp = "8.3.9"\n[devcontainer]\nsystem = "trixie"\n')[""]
    assert [image.familiar for image in one.images] == ["php:8.3.9-cli-trixie", "node:20-trixie"]


def test_an_image_of_ones_own_has_what_only_its_own_image_can_hold() -> None:
    text = '[runtimes]\nphp = "8.3.9"\nnode = "20.11.1"\n[devcontainer]\nimage = "ghcr.io/shop/dev:3"\n'
    own = workspaces(text)[""]
    assert [item.runtime.name for item in own.brought] == ["node"]
    assert [str(image) for image in own.images] == ["ghcr.io/shop/dev:3", "docker.io/library/node:20.11.1-bookworm"]


def test_without_runtimes_and_with_an_image_of_ones_own() -> None:
    assert workspaces("[devcontainer]\ndevenv = false\n")[""].base.familiar == "debian:bookworm"
    own = workspaces(f'{RUNTIMES}[devcontainer]\nimage = "ghcr.io/shop/dev:3"\n')[""]
    assert str(own.base) == "ghcr.io/shop/dev:3"
    assert len(own.runtimes) == 2


def test_several_have_what_is_common_and_their_own() -> None:
    made = workspaces(
        f'{SERVICES}[devcontainer]\npackages = ["jq"]\nhostRequirements = {{ cpus = 2 }}\n'
        "[devcontainer.customizations.vscode]\nsettings = { a = 1 }\n"
        '[devcontainer.front]\nservices = ["cache"]\nhostRequirements = { memory = "4gb" }\n'
    )
    assert list(made) == ["", "front"]
    front = made["front"]
    assert (front.service, front.folder, front.services) == ("workspace-front", ".devcontainer/front", ("cache",))
    assert front.packages == ("jq",)
    assert front.passed["hostRequirements"] == {"cpus": 2, "memory": "4gb"}
    assert "customizations" in made[""].passed


def test_only_those_with_names_where_only_they_are_spoken_of() -> None:
    assert list(workspaces("[devcontainer.parity]\npackages = []\n")) == ["parity"]


def test_hooks_and_commands_come_in_their_order() -> None:
    one = workspaces(
        '[hooks]\npost_up = ["make migrate", ["sh", "-c", "echo a b"]]\n[devcontainer]\npost_start = ["true"]\n'
    )[""]
    assert one.commands["post_start"] == ("make migrate", "sh -c 'echo a b'", "true")
    assert one.commands["on_create"] == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[runtimes]\npyhton = "3.12"\n', "unknown runtime 'pyhton'\n  did you mean 'python'?"),
        ('[runtimes]\npython = "latest"\n', "'latest' cannot be a version of Python"),
        ('[runtimes]\npython = "3.12-alpine"\n', "a workspace is built on Debian"),
        ('[devcontainer]\npackages = "jq"\n', "must be a list of texts"),
        ('[devcontainer]\npackages = ["jq; rm -rf /"]\n', "'jq; rm -rf /' cannot be one"),
        ('[devcontainer]\nuser = "Ann B"\n', "'Ann B' cannot be one"),
        ('[devcontainer]\nplatform = "amd64"\n', "'amd64' cannot be one\n  \"linux/amd64\""),
        ('[devcontainer]\nservices = ["dbb"]\n', "no service 'dbb'\n  did you mean 'db'?"),
        ('[devcontainer]\nremoteUser = "root"\n', "is devenv's to decide\n  user = …"),
        ('[devcontainer]\npostCreateCommand = "make"\n', "is called post_create here"),
        ('[devcontainer."Front End"]\nservices = []\n', "'Front End' cannot be a devcontainer's name"),
        ("[devcontainer.front]\ndevenv = 1\n", "must be what pip installs, or false"),
        ('[devcontainer]\ndevenv = "it\'s"\n', '"it\'s" cannot be one\n  devenv = "devenv-parity @ https://…"'),
        (
            "[devcontainer]\ndevenv = true\n",
            'devenv is not on PyPI, so pip needs an address\n  devenv = "devenv-parity @ https://…" names a wheel',
        ),
        (
            '[devcontainer]\n[services.workspace]\nkind = "redis"\nversion = "7.0.15"\n',
            "needs another name where there is a [devcontainer]",
        ),
    ],
)
def test_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ManifestError) as caught:
        manifest(SERVICES + text)
    (problem,) = caught.value.problems
    assert f"{problem.message}\n  {problem.hint}".startswith(said)
    assert problem.where
    assert problem.where.line
