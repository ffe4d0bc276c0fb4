#!/bin/bash
# The tests of the official image's healthcheck.sh that a single server needs, in the order given.
set -eo pipefail

datadir=/var/lib/mysql
defaults=()

sql() { mariadb "${defaults[@]}" --batch --skip-column-names -e "$1"; }

# Over TCP, which the temporary server does not listen on. Being denied is an answer too.
connect() {
    local answer
    answer="$(mariadb "${defaults[@]}" -h localhost --protocol tcp -e 'select 1' 2>&1)" && return 0
    [[ $answer != *"Can't connect"* ]]
}

innodb_initialized() {
    [ "$(sql "select 1 from information_schema.ENGINES
        where engine='innodb' and support in ('YES', 'DEFAULT', 'ENABLED')")" = 1 ]
}

innodb_buffer_pool_loaded() {
    [[ $(sql "select VARIABLE_VALUE from information_schema.GLOBAL_STATUS
        where VARIABLE_NAME='Innodb_buffer_pool_load_status'") == *'load completed'* ]]
}

if [ "$#" -eq 0 ]; then
    echo 'At least one argument required' >&2
    exit 1
fi
for word; do
    case "$word" in --datadir=*) datadir="${word#*=}" ;; esac
done
if [ -f "$datadir/.my-healthcheck.cnf" ]; then defaults=("--defaults-extra-file=$datadir/.my-healthcheck.cnf"); fi

while [ "$#" -gt 0 ]; do
    case "$1" in
        --datadir=*) ;;
        --su-mysql) exec gosu mysql "$0" "${@:2}" ;;
        --no-defaults) defaults=(--no-defaults) ;;
        --defaults-file=* | --defaults-extra-file=* | --defaults-group-suffix=*) defaults=("$1") ;;
        --connect | --innodb_initialized | --innodb_buffer_pool_loaded)
            if ! "${1#--}"; then
                echo "healthcheck ${1#--} failed" >&2
                exit 1
            fi
            ;;
        *)
            echo "Unknown healthcheck option $1" >&2
            exit 1
            ;;
    esac
    shift
done
