"""`make demo`: the two commands of a newcomer on examples/shop, in a copy of it, and the shop's application.

Where Docker Hub cannot be reached it says so and takes the images that tests/images builds, by devenv's own mirror
setting; since those are of Debian's versions, its copy of the manifest says which.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import tomlkit

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "demo" / "shop"
DEVENV = [str(Path(sys.executable).parent / "devenv"), "-C", str(PLACE)]
UNREACHABLE = 7


def main() -> int:
    """Set up, run, and say what was run."""
    for path in ("devenv.toml", "app.py"):
        PLACE.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "examples" / "shop" / path, PLACE / path)
    env = dict(os.environ)
    if subprocess.run([*DEVENV, "lock"], env=env, capture_output=True).returncode == UNREACHABLE:
        env["DEVENV_REGISTRY_MIRROR"] = use_standins()
    steps = [["up"], ["run", "--", sys.executable, str(PLACE / "app.py")], ["status"]]
    for step in steps:
        print(f"\n$ devenv {' '.join(step)}", flush=True)
        code = subprocess.run([*DEVENV, *step], env=env).returncode
        if code != 0:
            return code
    print(f"\nIt goes on running. To end it: {' '.join(DEVENV)} down")
    return 0


def use_standins() -> str:
    """Build the stand-ins of the shop's services, put their versions into the copy, and return their registry."""
    print("Docker Hub cannot be reached from here: using stand-ins built from Debian's packages", flush=True)
    engine = subprocess.run([ROOT / "tests/machine/engine.sh"], check=True, capture_output=True, text=True)
    registry = engine.stdout.split()[-1]
    listing = ROOT / "build" / "demo" / "images.json"
    build = [sys.executable, ROOT / "tests/images/build.py", "--registry", registry, "--out", listing]
    subprocess.run([*build, "--only", "postgres-bookworm", "redis-bookworm", "rabbitmq-bookworm"], check=True)
    images = json.loads(listing.read_text())["images"]
    versions = {image["kind"]: image["version"] for image in images if image["release"] == "bookworm"}
    manifest = tomlkit.parse((PLACE / "devenv.toml").read_text())
    for service in manifest["services"].values():
        service["version"] = versions[service["kind"]]
    (PLACE / "devenv.toml").write_text(tomlkit.dumps(manifest))
    return registry


if __name__ == "__main__":
    sys.exit(main())
