"""What a command says and writes, compared with what was read by a person and found right.

``DEVENV_UPDATE_GOLDEN=1 pytest tests/golden`` writes down what comes now; read the difference before it is committed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    """A module beside this one: tests are imported each by its path, so a neighbour is too."""
    spec = importlib.util.spec_from_file_location(f"golden_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
