"""The wheel: built, installed in a fresh environment, run."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.making import tree

ROOT = Path(__file__).parent.parent


def test_the_wheel_brings_its_templates_and_runs(tmp_path: Path, programs: None) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "templates").rglob("*") if path.is_file()}
    packed = {name.removeprefix("devenv/_") for name in zipfile.ZipFile(wheel).namelist()}
    assert templates - packed == set()
    assert any(name.startswith("templates/upgrades/") for name in packed)
    place = tmp_path / "fresh"
    venv.create(place, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    devenv = str(place / "bin" / "devenv")
    manifest = '[project]\nname = "shop"\n[services.db]\nkind = "postgres"\nversion = "15.4"\n'
    project = tree(tmp_path / "shop", {"devenv.toml": manifest})

    version = subprocess.run([devenv, "--version"], check=True, capture_output=True, text=True)
    rendered = subprocess.run([devenv, "-C", str(project), "render", "--stdout"], capture_output=True, text=True)

    assert version.stdout.startswith("devenv ")
    assert "postgres:15.4" in rendered.stdout, rendered.stderr


@pytest.mark.usefixtures("programs")
def test_an_editable_checkout_finds_its_templates() -> None:
    code = "from devenv.effects.files import templates_root; print(templates_root())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert Path(done.stdout.strip()) == ROOT / "templates"
