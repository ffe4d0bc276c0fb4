#!/bin/bash
# Keeps the contract of the valkey/valkey image's entry point.
set -e

# Options or a configuration file alone mean: the server with these.
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- valkey-server "$@"; fi

if [ "$1" = valkey-server ] && [ "$(id -u)" = 0 ]; then
    find . \! -user valkey -exec chown valkey '{}' +
    exec gosu valkey "$0" "$@"
fi

# A dump may hold secrets: not readable for others, unless somebody asked for another mask.
if [ "$(umask)" = 0022 ]; then umask 0077; fi

if [ "$1" != valkey-server ]; then exec "$@"; fi
# shellcheck disable=SC2206 # several words are meant
extra=(${VALKEY_EXTRA_FLAGS:-})
case "${2:-}" in
    # Questions, and a configuration on standard input.
    --version | -v | --help | -h | --test-memory | --check-system | -) exec "$@" "${extra[@]}" ;;
esac

# The official binary is compiled with protected mode off; Debian's has it on. Said before the user's own options, so
# that they win, but after a configuration file, which has to come first.
if [ -n "${2:-}" ] && [ "${2#-}" = "$2" ]; then
    if grep -qsiE '^[[:space:]]*protected-mode[[:space:]]' "$2"; then exec "$@" "${extra[@]}"; fi
    exec valkey-server "$2" --protected-mode no "${@:3}" "${extra[@]}"
fi
exec valkey-server --protected-mode no "${@:2}" "${extra[@]}"
