"""``devenv env``: whatever a value holds, a shell that reads the output has just that."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

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
]


@pytest.fixture
def shop(tmp_path: Path, programs: None) -> Path:
    lines = "".join(f"V{number} = {json.dumps(value)}\n" for number, value in enumerate(ODD))
    return tree(tmp_path / "shop", {"devenv.toml": f'[project]\nname = "shop"\n[env]\n{lines}', **UP_BEFORE})


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_export(shop: Path, shell: str) -> None:
    script = (
        'eval "$1"; for n in ' + " ".join(map(str, range(len(ODD)))) + '; do eval "printf \'%s\\0\' \\"\\$V$n\\""; done'
    )
    command = [shell, "-c", script, shell, said(shop, "env", "--format", "export").out]
    assert subprocess.check_output(command, text=True).split("\0")[:-1] == ODD


def test_json(shop: Path) -> None:
    document = json.loads(said(shop, "env", "--format", "json").out)
    assert document == {"schema_version": 2, "env": {f"V{number}": value for number, value in enumerate(ODD)}}


def test_dotenv_as_compose_reads_it(shop: Path) -> None:
    """No two readers of such files agree on everything; single quotes are read alike by all of them."""
    lines = said(shop, "env").out
    assert "V0='plain'\n" in lines
    assert "V5='$HOME ${HOME} `id` $(id)'\n" in lines
    assert 'V3="it\'s"\n' in lines
    assert 'V9="\'\\"\\$\\\\`"\n' in lines
