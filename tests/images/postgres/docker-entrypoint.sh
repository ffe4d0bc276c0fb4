#!/usr/bin/env bash
# Keeps the contract of the official postgres image's entry point, as far as devenv and its users can see it.
set -Eeo pipefail

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

# from_env_or_file NAME [DEFAULT]: NAME, or the content of the file that NAME_FILE names; both at once is an error.
from_env_or_file() {
    local name="$1" file_name="$1_FILE" value="${2:-}"
    if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
        die "error: both $name and $file_name are set (but are exclusive)"
    fi
    if [ -n "${!name:-}" ]; then
        value="${!name}"
    elif [ -n "${!file_name:-}" ]; then
        value="$(<"${!file_name}")"
    fi
    export "$name=$value"
    unset "$file_name"
}

read_settings() {
    from_env_or_file POSTGRES_PASSWORD
    from_env_or_file POSTGRES_USER postgres
    from_env_or_file POSTGRES_DB "$POSTGRES_USER"
    from_env_or_file POSTGRES_INITDB_ARGS
    : "${POSTGRES_HOST_AUTH_METHOD:=}"
}

# As root: everything under the data directory belongs to postgres, whoever made the volume.
prepare_directories() {
    local user
    user="$(id -u)"
    mkdir -p "$PGDATA" /var/run/postgresql "${POSTGRES_INITDB_WALDIR:-$PGDATA}"
    chmod 700 "$PGDATA" || :
    chmod 3775 /var/run/postgresql || :
    [ "$user" = 0 ] || return 0
    find "$PGDATA" /var/run/postgresql "${POSTGRES_INITDB_WALDIR:-$PGDATA}" \! -user postgres -exec chown postgres '{}' +
}

require_password() {
    if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
        die 'Error: Database is uninitialized and superuser password is not specified.' \
            '       Set POSTGRES_PASSWORD to a non-empty value for the superuser, or, to allow' \
            '       every connection without a password, POSTGRES_HOST_AUTH_METHOD=trust.'
    fi
}

# 18 moved the data below the volume: refuse to make a new cluster beside data of the old layout.
refuse_old_layout() {
    [ "$PGDATA" = "/var/lib/postgresql/$PG_MAJOR/docker" ] || return 0
    local found=() place
    for place in /var/lib/postgresql /var/lib/postgresql/data /var/lib/postgresql/*/docker; do
        if [ -s "$place/PG_VERSION" ]; then found+=("$place"); fi
    done
    if [ "${#found[@]}" -eq 0 ] && [ "$PG_MAJOR" -ge 18 ] && mountpoint -q /var/lib/postgresql/data; then
        found+=('/var/lib/postgresql/data (unused mount/volume)')
    fi
    [ "${#found[@]}" -gt 0 ] || return 0
    die 'Error: in 18+, these Docker images are configured to store database data in a' \
        '       format which is compatible with "pg_ctlcluster" (specifically, using' \
        '       major-version-specific directory names).' '' \
        '       Counter to that, there appears to be PostgreSQL data in:' "         ${found[*]}" '' \
        '       Mount the volume at /var/lib/postgresql, and upgrade the data with "pg_upgrade".'
}

# initdb wants its user to have a name; with `--user` it may have none.
lend_a_name() {
    local uid library
    uid="$(id -u)"
    if getent passwd "$uid" >/dev/null; then return 0; fi
    for library in /usr/lib/*/libnss_wrapper.so; do
        NSS_WRAPPER_PASSWD="$(mktemp)" NSS_WRAPPER_GROUP="$(mktemp)"
        export LD_PRELOAD="$library" NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
        printf 'postgres:x:%s:%s::%s:/bin/false\n' "$uid" "$(id -g)" "$PGDATA" >"$NSS_WRAPPER_PASSWD"
        printf 'postgres:x:%s:\n' "$(id -g)" >"$NSS_WRAPPER_GROUP"
    done
}

make_cluster() {
    local extra=()
    # shellcheck disable=SC2034 # eval uses it
    if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then extra=(--waldir "$POSTGRES_INITDB_WALDIR"); fi
    lend_a_name
    # eval: POSTGRES_INITDB_ARGS may hold quoted words.
    eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"' "${extra[@]}"'
    unset LD_PRELOAD
}

# initdb trusts the socket and the loopback addresses; everybody else needs the method the server hashes with.
allow_other_hosts() {
    local method="${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption "${@:2}")}"
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

# No TCP address: nothing but the init scripts must reach the server before they have run.
start_temporary_server() {
    set -- "${@:2}" -c listen_addresses='' -p "${PGPORT:-5432}"
    NOTIFY_SOCKET='' PGUSER="${PGUSER:-$POSTGRES_USER}" pg_ctl -D "$PGDATA" -o "$(printf '%q ' "$@")" -w start
}

stop_temporary_server() { PGUSER="${PGUSER:-postgres}" pg_ctl -D "$PGDATA" -m fast -w stop; }

# Init scripts that are sourced may call this, or `"${psql[@]}"`, under these names.
docker_process_sql() {
    local client=(psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc)
    if [ -n "$POSTGRES_DB" ]; then client+=(--dbname "$POSTGRES_DB"); fi # one in "$@" comes later, and wins
    PGHOST='' PGHOSTADDR='' "${client[@]}" "$@"
}

make_database() {
    local there to_postgres=(docker_process_sql --dbname postgres --set db="$POSTGRES_DB")
    there="$("${to_postgres[@]}" --tuples-only <<<"SELECT 1 FROM pg_database WHERE datname = :'db';")"
    [ -z "$there" ] || return 0
    "${to_postgres[@]}" <<<'CREATE DATABASE :"db";'
}

run_init_file() {
    local file="$1"
    case "$file" in
        *.sh)
            if [ -x "$file" ]; then
                echo "$0: running $file"
                "$file"
            else
                echo "$0: sourcing $file"
                # shellcheck disable=SC1090
                . "$file"
            fi
            ;;
        *.sql) echo "$0: running $file" && docker_process_sql -f "$file" ;;
        *.sql.gz) echo "$0: running $file" && gunzip -c "$file" | docker_process_sql ;;
        *.sql.xz) echo "$0: running $file" && xzcat "$file" | docker_process_sql ;;
        *.sql.zst) echo "$0: running $file" && zstd -dc "$file" | docker_process_sql ;;
        *) echo "$0: ignoring $file" ;;
    esac
}

initialise() {
    require_password
    refuse_old_layout
    ls /docker-entrypoint-initdb.d/ >/dev/null
    make_cluster
    allow_other_hosts "$@"
    export PGPASSWORD="${PGPASSWORD:-$POSTGRES_PASSWORD}"
    start_temporary_server "$@"
    make_database
    # shellcheck disable=SC2034
    psql=(docker_process_sql)
    local file
    for file in /docker-entrypoint-initdb.d/*; do run_init_file "$file"; done
    stop_temporary_server
    unset PGPASSWORD
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

only_asks() {
    local word
    for word; do
        case "$word" in -'?' | --help | --describe-config | -V | --version) return 0 ;; esac
    done
    return 1
}

main() {
    if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
    if [ "$1" = postgres ] && ! only_asks "$@"; then
        read_settings
        prepare_directories
        if [ "$(id -u)" = 0 ]; then exec gosu postgres "${BASH_SOURCE[0]}" "$@"; fi
        if [ -s "$PGDATA/PG_VERSION" ]; then
            printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
        else
            initialise "$@"
        fi
    fi
    exec "$@"
}

# Sourced by another script, only the functions are wanted.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
