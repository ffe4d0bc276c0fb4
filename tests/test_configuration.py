"""The user's own configuration."""

from __future__ import annotations

from pathlib import Path

from tests.making import tree
from tests.program import MANIFEST, said


def test_keys_that_nobody_reads_are_told(tmp_path: Path) -> None:
    shop = tree(tmp_path / "shop", {"devenv.toml": MANIFEST})
    config = (
        tree(tmp_path, {"config.toml": 'mirrors = "m.example.com"\n\n[registry]\n"quay.io" = "m"\n'}) / "config.toml"
    )
    ended = said(shop, "render", env={"DEVENV_CONFIG": str(config)})
    assert ended.code == 2
    assert f"{config}:1: mirrors: unknown key\n  did you mean 'mirror'?" in ended.err
    assert f"{config}:3: registry: unknown key\n  did you mean 'registries'?" in ended.err
    config.write_text('mirror = "m.example.com"\n[registries]\n"quay.io" = "m.example.com/quay"\n')
    assert said(shop, "render", env={"DEVENV_CONFIG": str(config)}).code == 0
