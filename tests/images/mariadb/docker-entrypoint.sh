#!/bin/bash
# Keeps the contract of the official mariadb image's entry point, as far as devenv and its users can see it.
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

# MARIADB_X wins over MYSQL_X; scripts may read either name.
under_both_names() {
    from_env_or_file "MYSQL_$1" "${2:-}"
    local old="MYSQL_$1" new="MARIADB_$1"
    from_env_or_file "$new" "${!old}"
    export "$old=${!new}"
}

read_settings() {
    under_both_names ROOT_HOST '%'
    local name
    for name in DATABASE USER PASSWORD ROOT_PASSWORD; do under_both_names "$name"; done
    from_env_or_file MARIADB_PASSWORD_HASH
    from_env_or_file MARIADB_ROOT_PASSWORD_HASH
    : "${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:=${MYSQL_ALLOW_EMPTY_PASSWORD:-}}"
    : "${MARIADB_RANDOM_ROOT_PASSWORD:=${MYSQL_RANDOM_ROOT_PASSWORD:-}}"
    : "${MARIADB_INITDB_SKIP_TZINFO:=${MYSQL_INITDB_SKIP_TZINFO:-}}"
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
    if ! answer="$("$@" --verbose --help 2>"$complaints")"; then
        die "mariadbd failed while attempting to check config: $(<"$complaints")"
    fi
    rm -f "$complaints"
    DATADIR="$(setting datadir "$answer")"
    SOCKET="$(setting socket "$answer")"
    PORT="$(setting port "$answer")"
}

prepare_directories() {
    mkdir -p "$DATADIR"
    [ "$(id -u)" = 0 ] || return 0
    find "$DATADIR" "$(dirname "$SOCKET")" \! -user mysql -exec chown mysql: '{}' +
}

require_password() {
    local plain="$MARIADB_ROOT_PASSWORD$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD$MARIADB_RANDOM_ROOT_PASSWORD"
    if [ -z "$plain$MARIADB_ROOT_PASSWORD_HASH" ]; then
        die 'Database is uninitialized and password option is not specified. You need to specify one of' \
            'MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD'
    fi
    if [ -n "$plain" ] && [ -n "$MARIADB_ROOT_PASSWORD_HASH" ]; then
        die 'Cannot specify MARIADB_ROOT_PASSWORD_HASH and another MARIADB_ROOT_PASSWORD* option.'
    fi
}

# No TCP port: nothing but the init scripts must reach the server before they have run.
start_temporary_server() {
    note 'Starting temporary server'
    "$@" --skip-networking --default-time-zone=SYSTEM --socket="$SOCKET" --wsrep_on=OFF --expire-logs-days=0 \
        --skip-slave-start --loose-innodb_buffer_pool_load_at_startup=0 &
    SERVER=$!
    local try
    for try in {1..300}; do
        if mariadb-admin --no-defaults --protocol=socket --socket="$SOCKET" -uroot ping &>/dev/null; then
            note 'Temporary server started.'
            return
        fi
        kill -0 "$SERVER" 2>/dev/null || break
        sleep 0.2
    done
    die "Unable to start server (tried $try times)."
}

stop_temporary_server() {
    note 'Stopping temporary server'
    kill "$SERVER"
    wait "$SERVER"
    note 'Temporary server stopped'
}

# Init scripts that are sourced may call this, or `"${mysql[@]}"`, under these names.
docker_process_sql() {
    local password="$MARIADB_ROOT_PASSWORD"
    if [ "$1" = --dont-use-mysql-root-password ]; then
        password=''
        shift
    fi
    if [ -n "$MARIADB_DATABASE" ]; then set -- --database="$MARIADB_DATABASE" "$@"; fi
    MYSQL_PWD="$password" mariadb --protocol=socket -uroot -hlocalhost --socket="$SOCKET" "$@"
}

quoted() {
    local text="${1//\\/\\\\}"
    printf "'%s'" "${text//\'/\\\'}"
}

random_password() { head -c 24 /dev/urandom | base64; }

load_time_zones() {
    [ -z "$MARIADB_INITDB_SKIP_TZINFO" ] || return 0
    mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo 2>/dev/null \
        | docker_process_sql --dont-use-mysql-root-password --database=mysql
}

# The account that healthcheck.sh uses; its password only lies beside the data.
health_account() {
    local password host
    password="$(random_password)"
    for host in 127.0.0.1 ::1 localhost; do
        echo "CREATE USER IF NOT EXISTS healthcheck@'$host' IDENTIFIED BY '$password';"
        echo "SET PASSWORD FOR healthcheck@'$host' = PASSWORD('$password');"
        echo "GRANT ${MARIADB_HEALTHCHECK_GRANTS:-USAGE} ON *.* TO healthcheck@'$host';"
    done
    (
        umask 0077
        printf '[mariadb-client]\nport=%s\nsocket=%s\nuser=healthcheck\npassword=%s\nprotocol=tcp\n' \
            "$PORT" "$SOCKET" "$password" >"$DATADIR/.my-healthcheck.cnf"
    )
}

root_accounts() {
    local secret
    if [ -n "$MARIADB_ROOT_PASSWORD_HASH" ]; then
        secret="PASSWORD $(quoted "$MARIADB_ROOT_PASSWORD_HASH")"
    else
        secret="$(quoted "$MARIADB_ROOT_PASSWORD")"
        echo "SET PASSWORD FOR 'root'@'localhost' = PASSWORD($secret);"
    fi
    if [ -z "$MARIADB_ROOT_HOST" ] || [ "$MARIADB_ROOT_HOST" = localhost ]; then return; fi
    echo "CREATE USER 'root'@'$MARIADB_ROOT_HOST' IDENTIFIED BY $secret;"
    echo "GRANT ALL ON *.* TO 'root'@'$MARIADB_ROOT_HOST' WITH GRANT OPTION;"
    echo "GRANT PROXY ON ''@'%' TO 'root'@'$MARIADB_ROOT_HOST' WITH GRANT OPTION;"
}

user_accounts() {
    if [ -n "$MARIADB_DATABASE" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;"; fi
    if [ -z "$MARIADB_USER" ] || [ -z "$MARIADB_PASSWORD$MARIADB_PASSWORD_HASH" ]; then return 0; fi
    if [ -n "$MARIADB_PASSWORD_HASH" ]; then
        echo "CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY PASSWORD $(quoted "$MARIADB_PASSWORD_HASH");"
    else
        echo "CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY $(quoted "$MARIADB_PASSWORD");"
    fi
    if [ -n "$MARIADB_DATABASE" ]; then
        echo "GRANT ALL ON \`${MARIADB_DATABASE//_/\\_}\`.* TO '$MARIADB_USER'@'%';"
    fi
}

make_accounts() {
    if [ -n "$MARIADB_RANDOM_ROOT_PASSWORD" ]; then
        MARIADB_ROOT_PASSWORD="$(random_password)"
        export MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD="$MARIADB_ROOT_PASSWORD"
        note "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
    fi
    # One session: after root's password is set the next one would need it.
    {
        echo "SET @@SESSION.SQL_LOG_BIN = 0;"
        echo "SET @@SESSION.SQL_MODE = REPLACE(@@SESSION.SQL_MODE, 'NO_BACKSLASH_ESCAPES', '');"
        echo "DROP USER IF EXISTS root@'127.0.0.1', root@'::1';"
        printf '%s\n' "EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS root@\\'', @@hostname, '\\'');"
        root_accounts
        health_account
        user_accounts
    } | docker_process_sql --dont-use-mysql-root-password --database=mysql --binary-mode
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
        *.sql.gz) note "$0: running $file" && gunzip -c "$file" | docker_process_sql ;;
        *.sql.xz) note "$0: running $file" && xzcat "$file" | docker_process_sql ;;
        *.sql.zst) note "$0: running $file" && zstd -dc "$file" | docker_process_sql ;;
        *) note "$0: ignoring $file" ;;
    esac
}

make_data_directory() {
    note 'Initializing database files'
    mariadb-install-db --datadir="$DATADIR" --rpm --auth-root-authentication-method=normal "${@:2}" --skip-test-db \
        --default-time-zone=SYSTEM --enforce-storage-engine= --skip-log-bin --expire-logs-days=0 \
        --loose-innodb_buffer_pool_load_at_startup=0 --loose-innodb_buffer_pool_dump_at_shutdown=0
    note 'Database files initialized'
}

initialise() {
    require_password
    ls /docker-entrypoint-initdb.d/ >/dev/null
    make_data_directory "$@"
    start_temporary_server "$@"
    load_time_zones
    make_accounts
    # shellcheck disable=SC2034
    mysql=(docker_process_sql)
    local file
    for file in /docker-entrypoint-initdb.d/*; do run_init_file "$file"; done
    if [ -n "$MARIADB_ROOT_PASSWORD_HASH" ]; then
        docker_process_sql --dont-use-mysql-root-password --database=mysql \
            <<<"SET PASSWORD FOR 'root'@'localhost' = $(quoted "$MARIADB_ROOT_PASSWORD_HASH");"
    fi
    stop_temporary_server
    note 'MariaDB init process done. Ready for start up.'
}

# mariadb-upgrade leaves the version it upgraded to beside the data; 11.x renamed the file.
upgrade_is_due() {
    local file old new
    for file in "$DATADIR/mariadb_upgrade_info" "$DATADIR/mysql_upgrade_info"; do
        [ -f "$file" ] || continue
        IFS=.- read -ra old <"$file" || true
        IFS=.- read -ra new <<<"$MARIADB_VERSION"
        if ((10#${old[0]} * 1000 + 10#${old[1]} < 10#${new[0]} * 1000 + 10#${new[1]})); then return 0; fi
        [ ! -f "$DATADIR/.my-healthcheck.cnf" ]
        return
    done
    note 'MariaDB upgrade information missing, assuming required'
}

back_up_system_tables() {
    [ "${MARIADB_DISABLE_UPGRADE_BACKUP:-}" != 1 ] || return 0
    local version
    version="$(tr -d '\0\n' <"$DATADIR/mysql_upgrade_info" 2>/dev/null || echo unknown_version)"
    note "Backing up system database to system_mysql_backup_$version.sql.zst"
    mariadb-dump --skip-lock-tables --replace --databases mysql --socket="$SOCKET" \
        | zstd -q >"$DATADIR/system_mysql_backup_$version.sql.zst"
}

upgrade() {
    if [ "${MARIADB_AUTO_UPGRADE:-0}" = 0 ]; then
        note "MariaDB upgrade (mariadb-upgrade or creating healthcheck users) required, but skipped due to \$MARIADB_AUTO_UPGRADE setting"
        return
    fi
    start_temporary_server "$@" --skip-grant-tables
    back_up_system_tables
    note 'Starting mariadb-upgrade'
    mariadb-upgrade --upgrade-system-tables --socket="$SOCKET"
    note 'Finished mariadb-upgrade'
    if [ ! -f "$DATADIR/.my-healthcheck.cnf" ]; then
        note 'Creating healthcheck users'
        { echo 'SET @@SESSION.SQL_LOG_BIN = 0; FLUSH PRIVILEGES;' && health_account; } \
            | docker_process_sql --dont-use-mysql-root-password --database=mysql --binary-mode
    fi
    stop_temporary_server
}

only_asks() {
    local word
    for word; do
        case "$word" in -'?' | --help | --print-defaults | -V | --version) return 0 ;; esac
    done
    return 1
}

main() {
    if [ "${1:0:1}" = - ]; then set -- mariadbd "$@"; fi
    if { [ "$1" = mariadbd ] || [ "$1" = mysqld ]; } && ! only_asks "$@"; then
        note "Entrypoint script for MariaDB Server $MARIADB_VERSION started."
        ask_server "$@"
        read_settings
        prepare_directories
        if [ "$(id -u)" = 0 ]; then
            note "Switching to dedicated user 'mysql'"
            exec gosu mysql "${BASH_SOURCE[0]}" "$@"
        fi
        if [ ! -d "$DATADIR/mysql" ]; then
            initialise "$@"
        elif upgrade_is_due; then
            upgrade "$@"
        fi
    fi
    exec "$@"
}

# Sourced by another script, only the functions are wanted.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
