# All databases and roles of the server that psql reaches, into /devenv/dump, with this container's tools.
set -eu
find_role
ask() { psql -XAtq -v ON_ERROR_STOP=1 -U "$role" "$@"; }
cd /devenv/dump

pg_dumpall -U "$role" --globals-only --no-sync >globals.sql
ask -d postgres -c "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname <> 'postgres' ORDER BY datname COLLATE \"C\"" >bases
ask -d postgres -c "SELECT format('ALTER DATABASE %I OWNER TO %I;', datname, pg_get_userbyid(datdba)) FROM pg_database WHERE datname = 'postgres'" >owner.sql
number=0
: >extensions
while IFS= read -r base; do
  number=$((number + 1))
  echo "dumping $base" >&2
  pg_dump -U "$role" -d "$base" -Fd -j "$(nproc)" -Z 0 --no-sync -f "base-$number" </dev/null
  ask -d "$base" -c "SELECT extname || ' (in ' || current_database() || ')' FROM pg_extension ORDER BY extname" >>extensions </dev/null
done <bases
for base in postgres template1; do
  pg_dump -U "$role" -d "$base" -Fd -Z 0 --no-sync -f "own-$base"
  ask -d "$base" -c "SELECT extname || ' (in ' || current_database() || ')' FROM pg_extension ORDER BY extname" >>extensions
done
