#!/bin/sh
# Options alone mean: the server with these.
set -e
case "$1" in -*) set -- memcached "$@" ;; esac
exec "$@"
