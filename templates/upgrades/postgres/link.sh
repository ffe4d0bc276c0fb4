# In the new image, no server running: pg_upgrade of the copy in /devenv/data, which the old version has closed cleanly.
# Both clusters are in one volume, so that files are linked and not copied; the copy is thrown away if this fails.
set -eu
old=/usr/lib/postgresql/$DEVENV_OLD/bin new=/usr/lib/postgresql/$DEVENV_NEW/bin
fail() { echo "devenv: $*" >&2; exit "$OTHER_WAY"; }
[ -x "$old/postgres" ] || fail "the old image keeps its programs elsewhere"

# Old programs beside new libraries: what this image lacks comes from the old one.
mkdir -p /devenv/extra
while :; do
  for file in "$old/postgres" "$old/pg_ctl" "$old/pg_controldata" "$old/pg_resetwal" /devenv/extra/*; do
    LD_LIBRARY_PATH=/devenv/extra ldd "$file" 2>/dev/null || :
  done >/tmp/found
  awk '/not found/ { print $1 }' /tmp/found | sort -u >/tmp/lacking
  [ -s /tmp/lacking ] || break
  while IFS= read -r library; do
    [ -e "/devenv/libraries/$library" ] || fail "$library is in neither image"
    cp "/devenv/libraries/$library" /devenv/extra/
  done </tmp/lacking
done
export LD_LIBRARY_PATH=/devenv/extra

cd /devenv/data
mkdir .devenv-old
find . -mindepth 1 -maxdepth 1 ! -name .devenv-old -exec mv -t .devenv-old {} +
from=/devenv/data/.devenv-old to=/devenv/data/.devenv-new
[ "$DEVENV_OLD" -lt 18 ] || from=$from/$DEVENV_OLD/docker
mkdir "$to"
chown postgres:postgres "$to" .devenv-old
chmod 700 "$to" "$from"
as() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
cd /tmp
superuser=$(cat /devenv/dump/superuser)

known() { as "$old/pg_controldata" -D "$from" | sed -n "s/^$1: *//p"; }
[ "$(known 'Database cluster state')" = 'shut down' ] || fail 'the old version did not close its data cleanly'
sums=''
if [ "$(known 'Data page checksum version')" != 0 ]; then sums=--data-checksums; elif [ "$DEVENV_NEW" -ge 18 ]; then sums=--no-data-checksums; fi
# shellcheck disable=SC2086
as "$new/initdb" -D "$to" -U "$superuser" $sums --wal-segsize="$(($(known 'Bytes per WAL segment') / 1048576))" --auth-local=trust >/tmp/said 2>&1 || fail "initdb: $(tail -n 1 /tmp/said)"
[ -z "$DEVENV_PRELOAD" ] || echo "shared_preload_libraries = '$DEVENV_PRELOAD'" >>"$to/postgresql.conf"
mkdir /tmp/work
chown postgres /tmp/work
cd /tmp/work
if ! as "$new/pg_upgrade" -b "$old" -B "$new" -d "$from" -D "$to" -U "$superuser" -j "$(nproc)" -s /tmp/work --link --no-sync \
  ${DEVENV_PRELOAD:+-o "-c shared_preload_libraries=$DEVENV_PRELOAD"} >/tmp/said 2>&1; then
  cat /tmp/said >&2
  find "$to" -path '*pg_upgrade_output.d*' -name '*.txt' -exec cat {} + >&2
  find "$to" -path '*pg_upgrade_output.d*' -name 'pg_upgrade_dump_*.log' -exec tail -n 20 {} + >/tmp/logs
  cat /tmp/logs >&2
  why=$(grep -m 1 -E 'ERROR:|error:' /tmp/logs || grep -m 1 -iE 'fatal|failure|missing|incompatible|lacks' /tmp/said || tail -n 1 /tmp/said)
  fail "$why"
fi
grep -v '^shared_preload_libraries = ' "$to/postgresql.conf" >/tmp/conf
echo "listen_addresses = '*'" >>/tmp/conf
cat /tmp/conf >"$to/postgresql.conf"

cd /devenv/data
rm -rf .devenv-old
if [ "$DEVENV_NEW" -ge 18 ]; then
  mkdir "$DEVENV_NEW"
  chown postgres:postgres "$DEVENV_NEW"
  mv .devenv-new "$DEVENV_NEW/docker"
else
  find .devenv-new -mindepth 1 -maxdepth 1 -exec mv -t . {} +
  rmdir .devenv-new
  chown postgres:postgres .
  chmod 700 .
fi
