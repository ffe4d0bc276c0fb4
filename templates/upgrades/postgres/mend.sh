# In the new server's container after pg_upgrade: extensions brought to the versions that this image has, and, where
# another C library orders texts, every index made anew.
set -eu
ask() { psql -XAtq -v ON_ERROR_STOP=1 -U "$DEVENV_NEW_USER" "$@"; }
ldd --version >/tmp/libc
moved=no
[ "$(head -n 1 /tmp/libc)" = "$(cat /devenv/libraries/libc)" ] || moved=yes
ask -d postgres -c "SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'template0' ORDER BY datname COLLATE \"C\"" >/tmp/bases 2>/dev/null
while IFS= read -r base; do
  ask -d "$base" 2>/tmp/said </dev/null -c "SELECT format('ALTER EXTENSION %I UPDATE;', extname) FROM pg_extension" >/tmp/updates
  ask -d "$base" -f /tmp/updates 2>/tmp/said >/dev/null || { cat /tmp/said >&2; echo "note: an extension in $base could not be brought to this image's version"; }
  if [ "$moved" = yes ]; then
    echo "making the indexes of $base anew: another C library orders texts" >&2
    ask -d "$base" -v name="$base" 2>/tmp/said <<'SQL' || { cat /tmp/said >&2; exit 1; }
SELECT format('REINDEX DATABASE %I', :'name') \gexec
SELECT format('ALTER DATABASE %I REFRESH COLLATION VERSION', :'name') WHERE current_setting('server_version_num')::int >= 150000 \gexec
SQL
  fi
done </tmp/bases
