"""``devenv env``: whatever a value holds, a shell that reads the output has just that."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devenv.commands import env
from tests.making import tree
from tests.program import UP_BEFORE, said

ODD = [
    "plain",
    "",
    "two words",
    "it's",
    'say "hi"',
    "$HOME ${HOME} `id` $(id)",
    "100% \\ back\\slash \\n",
    "two\nlines",
    "tab\t#hash !bang é ✓",
    "'\"$\\`",
    "it's `touch made` $(touch made) ${HOME}",
    "it's\ntwo lines \\n",
    "ends with \\",
    "it's \\",
    "\\'; touch made; '",
    "\r\x0b~ *?[a] {a,b} <>|&;()",
    "it's `$",
    "two \\\\ backslashes",
]
WANTED = {f"V{number}": value for number, value in enumerate(ODD)}
SHELLS = [name for name in ("sh", "bash", "dash", "zsh") if shutil.which(name)]
PRINT = " ".join(f'"$V{number}"' for number in range(len(ODD)))


@pytest.fixture
def shop(tmp_path: Path, programs: None) -> Path:
    lines = "".join(f"V{number} = {json.dumps(value)}\n" for number, value in enumerate(ODD))
    return tree(tmp_path / "shop", {"devenv.toml": f'[project]\nname = "shop"\n[env]\n{lines}', **UP_BEFORE})


def values(words: list[str], folder: Path) -> list[str]:
    """What a shell prints of the variables; nothing in a value may have been run."""
    printed = subprocess.check_output(words, cwd=folder).decode()
    assert not (folder / "made").exists()
    return printed.split("\0")[:-1]


@pytest.mark.parametrize("shell", SHELLS)
def test_export(shop: Path, shell: str) -> None:
    script = f"eval \"$1\"; printf '%s\\0' {PRINT}"
    assert values([shell, "-c", script, shell, said(shop, "env", "--format", "export").out], shop) == ODD


@pytest.mark.parametrize("shell", [name for name in ["fish"] if shutil.which(name)])
def test_fish(shop: Path, shell: str) -> None:
    (shop / "variables").write_text(said(shop, "env", "--format", "fish").out, encoding="utf-8", newline="")
    assert values([shell, "--no-config", "-c", f"source variables; printf '%s\\0' {PRINT}"], shop) == ODD


def test_what_fish_reads(shop: Path) -> None:
    """Its single quotes know two escapes, which those of other shells do not."""
    lines = said(shop, "env", "--format", "fish").out
    assert "set -gx V0 'plain'\n" in lines
    assert "set -gx V3 'it\\'s'\n" in lines
    assert "set -gx V9 '\\'\"$\\\\`'\n" in lines


@pytest.mark.parametrize("shell", SHELLS)
def test_dotenv_that_a_shell_sources(shop: Path, shell: str) -> None:
    (shop / "variables").write_text(said(shop, "env").out, encoding="utf-8", newline="")
    assert values([shell, "-c", f". ./variables; printf '%s\\0' {PRINT}"], shop) == ODD


def test_json(shop: Path) -> None:
    document = json.loads(said(shop, "env", "--format", "json").out)
    assert document == {"schema_version": 2, "env": WANTED}


#: Of these no way to write them is read alike by all.
DIFFERENTLY = {"V5", "V9", "V10", "V16"}
COMPOSE = "services: {a: {image: x, env_file: variables}}\n"


def test_dotenv_as_python_reads_it(shop: Path) -> None:
    """python-dotenv reads what a shell reads, but for those values that are named."""
    ended = said(shop, "env")
    assert {line.split(":")[1].strip() for line in ended.err.splitlines()} == DIFFERENTLY
    read = dotenv_values(stream=io.StringIO(ended.out, newline=""))
    assert {name for name, value in WANTED.items() if read.get(name) != value} == DIFFERENTLY


@pytest.mark.engine
def test_dotenv_as_the_real_compose_reads_it(shop: Path) -> None:
    tree(shop, {"variables": said(shop, "env").out, "compose.yaml": COMPOSE})
    words = ["docker", "compose", "--project-directory", str(shop), "-f", str(shop / "compose.yaml"), "config"]
    printed = json.loads(subprocess.check_output([*words, "--format", "json"]))["services"]["a"]["environment"]
    assert {name for name, value in WANTED.items() if printed[name].replace("$$", "$") != value} <= DIFFERENTLY


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_value_is_read_alike_or_named(value: str) -> None:
    line = env._dotenv("A", value)
    read = dotenv_values(stream=io.StringIO(f"{line}\n", newline=""))
    assert read == {"A": value} or env._is_read_differently(value)


@given(values=st.lists(st.text(st.sampled_from("a '\"$`\\{}\n#!"), max_size=12), min_size=60, max_size=60))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_shell_reads_any_value(values: list[str], programs: None) -> None:
    for write in (env._dotenv, env._export):
        lines = "".join(f"{write(f'V{number}', value)}\n" for number, value in enumerate(values))
        names = " ".join(f'"$V{number}"' for number in range(len(values)))
        printed = subprocess.check_output(["sh", "-c", f"{lines}\nprintf '%s\\0' {names}"]).decode()
        assert printed.split("\0")[:-1] == values


def test_dotenv_as_compose_reads_it(shop: Path) -> None:
    """No two readers of such files agree on everything; single quotes are read alike by all of them."""
    lines = said(shop, "env").out
    assert "V0='plain'\n" in lines
    assert "V5='$HOME ${HOME} `id` $(id)'\n" in lines
    assert 'V3="it\'s"\n' in lines
    assert 'V9="\'\\"\\$\\\\\\`"\n' in lines
