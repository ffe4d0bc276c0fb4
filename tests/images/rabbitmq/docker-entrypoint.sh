#!/usr/bin/env bash
# Keeps the contract of the official rabbitmq image's entry point.
set -euo pipefail

# As root: the data belongs to rabbitmq, whoever made the volume; then every rabbitmq tool runs as that user.
if [[ "$1" == rabbitmq* ]] && [ "$(id -u)" = 0 ]; then
    if [ "$1" = rabbitmq-server ]; then
        find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq '{}' +
    fi
    exec gosu rabbitmq "${BASH_SOURCE[0]}" "$@"
fi

is_before_3_9() { [[ "${RABBITMQ_VERSION:-}" =~ ^3\.[0-8]\. ]]; }

# Since 3.9 these stop the image from starting: silence would leave people believing that they work.
refuse_deprecated() {
    local name found=''
    for name in \
        RABBITMQ_DEFAULT_{PASS,USER}_FILE RABBITMQ_VM_MEMORY_HIGH_WATERMARK \
        RABBITMQ_{,MANAGEMENT_}SSL_{CACERTFILE,CERTFILE,DEPTH,FAIL_IF_NO_PEER_CERT,KEYFILE,VERIFY}; do
        if [ -n "${!name:-}" ]; then
            echo >&2 "error: $name is set but deprecated"
            found=1
        fi
    done
    [ -n "$found" ] || return 0
    echo >&2 'error: deprecated environment variables detected'
    echo >&2 'Please use a configuration file instead; visit https://www.rabbitmq.com/configure.html to learn more'
    exit 1
}

# The server itself reads RABBITMQ_DEFAULT_* from 3.9 on; before, they have to become configuration.
write_defaults() {
    local key name file=/etc/rabbitmq/conf.d/15-environment.conf
    : >"$file"
    for key in user pass vhost; do
        name="RABBITMQ_DEFAULT_${key^^}"
        if [ -n "${!name:-}" ]; then echo "default_$key = ${!name}" >>"$file"; fi
    done
}

if is_before_3_9; then
    if [ "$1" = rabbitmq-server ]; then write_defaults; fi
else
    refuse_deprecated
fi

exec "$@"
