#!/usr/bin/env bash
# Keeps the contract of the official mysql image's entry point, as far as devenv and its users can see it.
set -eo pipefail
shopt -s nullglob

note() { printf '%s [Note] [Entrypoint]: %s\n' "$(date --rfc-3339=seconds)" "$*"; }

die() {
    printf '%s [ERROR] [Entrypoint]: %s\n' "$(date --rfc-3339=seconds)" "$*" >&2
    exit 1
}

# from_env_or_file NAME [DEFAULT]: NAME, or the content of the file that NAME_FILE names; both at once is an error.
from_env_or_file() {
    local name="$1" file_name="$1_FILE" value="${2:-}"
    if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
        die "Both $name and $file_name are set (but are exclusive)"
    fi
    if [ -n "${!name:-}" ]; then
        value="${!name}"
    elif [ -n "${!file_name:-}" ]; then
        value="$(<"${!file_name}")"
    fi
    export "$name=$value"
    unset "$file_name"
}

# The last table of the help holds the values; words of the texts above it are indented.
setting() {
    local value
    value="$(awk -v name="$1" '$1 == name && /^[^ \t]/ { print $2; exit }' <<<"$2")"
    if [ -z "$value" ]; then die "the server does not say its $1"; fi
    echo "$value"
}

# What the server would use, with its files and the user's options; this also finds options that it does not know.
ask_server() {
    local answer complaints
    complaints="$(mktemp)"
    if ! answer="$("$@" --verbose --help --log-bin-index="$(mktemp -u)" 2>"$complaints")"; then
        die "mysqld failed while attempting to check config: $(<"$complaints")"
    fi
    rm -f "$complaints"
    DATADIR="$(setting datadir "$answer")"
    SOCKET="$(setting socket "$answer")"
}

read_settings() {
    from_env_or_file MYSQL_ROOT_HOST '%'
    from_env_or_file MYSQL_DATABASE
    from_env_or_file MYSQL_USER
    from_env_or_file MYSQL_PASSWORD
    from_env_or_file MYSQL_ROOT_PASSWORD
}

prepare_directories() {
    local directories=("$DATADIR" "$(dirname "$SOCKET")" /var/lib/mysql-files)
    mkdir -p "${directories[@]}"
    [ "$(id -u)" = 0 ] || return 0
    find "${directories[@]}" \! -user mysql -exec chown --no-dereference mysql '{}' +
}

require_password() {
    if [ -z "$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
        die 'Database is uninitialized and password option is not specified.' \
            'Set one of MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD and MYSQL_RANDOM_ROOT_PASSWORD'
    fi
    if [ "$MYSQL_USER" = root ]; then
        die 'MYSQL_USER="root": MYSQL_USER and MYSQL_PASSWORD are for a regular user and cannot be used for root'
    fi
}

# No TCP port: nothing but the init scripts must reach the server before they have run.
start_temporary_server() {
    note 'Starting temporary server'
    "$@" --daemonize --skip-networking --default-time-zone=SYSTEM --socket="$SOCKET" || die 'Unable to start server.'
    note 'Temporary server started.'
}

stop_temporary_server() {
    note 'Stopping temporary server'
    MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysqladmin --protocol=socket --socket="$SOCKET" -uroot shutdown \
        || die 'Unable to shut down server.'
    note 'Temporary server stopped'
}

# Init scripts that are sourced may call this, or `"${mysql[@]}"`, under these names.
docker_process_sql() {
    local password="$MYSQL_ROOT_PASSWORD"
    if [ "$1" = --dont-use-mysql-root-password ]; then
        password=''
        shift
    fi
    if [ -n "$MYSQL_DATABASE" ]; then set -- --database="$MYSQL_DATABASE" "$@"; fi
    MYSQL_PWD="$password" mysql --protocol=socket -uroot -hlocalhost --socket="$SOCKET" --comments "$@"
}

load_time_zones() {
    [ -z "$MYSQL_INITDB_SKIP_TZINFO" ] || return 0
    mysql_tzinfo_to_sql /usr/share/zoneinfo 2>/dev/null \
        | docker_process_sql --dont-use-mysql-root-password --database=mysql
}

make_accounts() {
    if [ -n "$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
        MYSQL_ROOT_PASSWORD="$(openssl rand -base64 24)"
        export MYSQL_ROOT_PASSWORD
        note "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD"
    fi
    local elsewhere=''
    if [ -n "$MYSQL_ROOT_HOST" ] && [ "$MYSQL_ROOT_HOST" != localhost ]; then
        elsewhere="CREATE USER 'root'@'$MYSQL_ROOT_HOST' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
            GRANT ALL ON *.* TO 'root'@'$MYSQL_ROOT_HOST' WITH GRANT OPTION;"
    fi
    docker_process_sql --dont-use-mysql-root-password --database=mysql <<SQL
SET autocommit = 1;
SET @@SESSION.SQL_LOG_BIN = 0;
ALTER USER 'root'@'localhost' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'localhost' WITH GRANT OPTION;
$elsewhere
DROP DATABASE IF EXISTS test;
SQL
}

make_database() {
    if [ -n "$MYSQL_DATABASE" ]; then
        note "Creating database $MYSQL_DATABASE"
        docker_process_sql --database=mysql <<<"CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;"
    fi
    if [ -n "$MYSQL_USER" ] && [ -n "$MYSQL_PASSWORD" ]; then
        note "Creating user $MYSQL_USER"
        docker_process_sql --database=mysql <<<"CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';"
        if [ -n "$MYSQL_DATABASE" ]; then
            docker_process_sql --database=mysql <<<"GRANT ALL ON \`${MYSQL_DATABASE//_/\\_}\`.* TO '$MYSQL_USER'@'%';"
        fi
    fi
}

run_init_file() {
    local file="$1"
    case "$file" in
        *.sh)
            note "$0: running $file"
            # shellcheck disable=SC1090
            if [ -x "$file" ]; then "$file"; else . "$file"; fi
            ;;
        *.sql) note "$0: running $file" && docker_process_sql <"$file" ;;
        *.sql.bz2) note "$0: running $file" && bunzip2 -c "$file" | docker_process_sql ;;
        *.sql.gz) note "$0: running $file" && gunzip -c "$file" | docker_process_sql ;;
        *.sql.xz) note "$0: running $file" && xzcat "$file" | docker_process_sql ;;
        *.sql.zst) note "$0: running $file" && zstd -dc "$file" | docker_process_sql ;;
        *) note "$0: ignoring $file" ;;
    esac
}

initialise() {
    require_password
    ls /docker-entrypoint-initdb.d/ >/dev/null
    note 'Initializing database files'
    "$@" --initialize-insecure --default-time-zone=SYSTEM
    note 'Database files initialized'
    start_temporary_server "$@"
    load_time_zones
    make_accounts
    make_database
    # shellcheck disable=SC2034
    mysql=(docker_process_sql)
    local file
    for file in /docker-entrypoint-initdb.d/*; do run_init_file "$file"; done
    if [ -n "$MYSQL_ONETIME_PASSWORD" ]; then
        docker_process_sql --database=mysql <<<"ALTER USER 'root'@'%' PASSWORD EXPIRE;"
    fi
    stop_temporary_server
    note 'MySQL init process done. Ready for start up.'
}

only_asks() {
    local word
    for word; do
        case "$word" in -'?' | --help | --print-defaults | -V | --version) return 0 ;; esac
    done
    return 1
}

main() {
    if [ "${1:0:1}" = - ]; then set -- mysqld "$@"; fi
    if [ "$1" = mysqld ] && ! only_asks "$@"; then
        note "Entrypoint script for MySQL Server $MYSQL_VERSION started."
        ask_server "$@"
        read_settings
        prepare_directories
        if [ "$(id -u)" = 0 ]; then
            note "Switching to dedicated user 'mysql'"
            exec gosu mysql "${BASH_SOURCE[0]}" "$@"
        fi
        if [ ! -d "$DATADIR/mysql" ]; then initialise "$@"; fi
    fi
    exec "$@"
}

# Sourced by another script, only the functions are wanted.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
