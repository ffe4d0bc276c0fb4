#!/bin/bash
# Keeps the contract of the official redis image's entry point.
set -e

# Options or a configuration file alone mean: the server with these.
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi

is_before_8() { [[ "$(redis-server --version)" =~ v=[67]\. ]]; }

# From 8.0.2 on, ownership is repaired only where the folder holds nothing but dumps and the usual append-only folder.
repair_ownership() {
    local other
    other=$(find . -mindepth 1 -maxdepth 1 -not \( -name '*.rdb' -or \( -type d -and -name appendonlydir \) \) -print -quit)
    if is_before_8; then
        find . \! -user redis -exec chown redis '{}' +
    elif [ -z "$other" ]; then
        find . \! -user redis -exec chown redis '{}' + -exec chmod u+rwX '{}' +
    else
        echo "Notice: Unknown file '$other' found in data dir. Permissions will not be modified."
    fi
}

if [ "$(basename "$1")" = redis-server ] && [ "$(id -u)" = 0 ] && [ -z "${SKIP_DROP_PRIVS:-}" ]; then
    if [ -z "${SKIP_FIX_PERMS:-}" ]; then repair_ownership; fi
    exec gosu redis "$0" "$@"
fi

# A dump may hold secrets: not readable for others, unless somebody asked for another mask.
if [ "$(umask)" = 0022 ]; then umask 0077; fi

# The official binary is compiled with protected mode off; Debian's has it on. Said before the user's own options, so
# that they win, but after a configuration file, which has to come first.
without_protection() {
    if [ -n "${1:-}" ] && [ "${1#-}" = "$1" ]; then
        if grep -qsiE '^[[:space:]]*protected-mode[[:space:]]' "$1"; then
            exec redis-server "$@"
        fi
        exec redis-server "$1" --protected-mode no "${@:2}"
    fi
    # Up to 6.0 any option at all drops the default save points, so a bare start has to say them again.
    if [ "$#" -eq 0 ] && [[ "$(redis-server --version)" == *v=6.0.* ]]; then
        set -- --save 3600 1 --save 300 100 --save 60 10000
    fi
    exec redis-server --protected-mode no "$@"
}

if [ "$(basename "$1")" != redis-server ]; then exec "$@"; fi
case "${2:-}" in
    # Questions, and a configuration on standard input.
    --version | -v | --help | -h | --test-memory | --check-system | -) exec "$@" ;;
esac
without_protection "${@:2}"
