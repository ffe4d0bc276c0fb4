#!/bin/sh
# As root: the data belongs to mosquitto. The server itself drops root's rights after it has read its configuration.
set -e
if [ "$(id -u)" = 0 ] && [ -d /mosquitto/data ]; then chown -R mosquitto:mosquitto /mosquitto/data || true; fi
exec "$@"
