# In a new server's container: all that is in /devenv/dump (see dump.sh), with this version's own tools.
set -eu
new() { psql -XAtq -v ON_ERROR_STOP=1 -U "$DEVENV_NEW_USER" "$@"; }
fail() { echo "devenv: $*" >&2; exit 1; }
cd /devenv/dump
have=$(new -d postgres -c 'SHOW server_version')

# All that is lacking is told at once, before anything is made.
new -d postgres -c 'SELECT name FROM pg_available_extensions' >/tmp/there
lacking=''
while IFS= read -r wanted; do
  grep -qxF "${wanted%% *}" /tmp/there || lacking="$lacking, $wanted"
done <extensions
[ -z "$lacking" ] || fail "the image of PostgreSQL $have lacks the extension ${lacking#, }"

# The role that made this cluster is there already.
new -d postgres -c "SELECT 'CREATE ROLE ' || quote_ident(rolname) || ';' FROM pg_roles" >/tmp/there
grep -vxFf /tmp/there globals.sql >/tmp/roles.sql
new -d postgres -f /tmp/roles.sql >/dev/null
rm /tmp/there /tmp/roles.sql

# Definitions first, as text: a server that is newer than the pg_dump that asked it, though of an older major version,
# marks its columns in a way that this one would neither hide nor take (17.12 beside 18.6).
define() { # the list of what to define, archive, the database to begin in, more options
  list=$1 archive=$2 first=$3
  shift 3
  pg_restore --section=pre-data -L "$list" "$@" -f /tmp/definitions "$archive"
  sed -E -e '/^ALTER TABLE ONLY .* SET \(pg_attver=[0-9]+\);$/d' -e '/^ALTER TABLE ONLY .* SET \(/s/, pg_attver=[0-9]+|pg_attver=[0-9]+, //' /tmp/definitions >/tmp/definitions.sql
  new -d "$first" -f /tmp/definitions.sql >/dev/null || exit "$OTHER_WAY"
}

# Extensions come before all that may call their functions, which get a search_path as well.
restore() { # archive, the database to begin in, the database, more options
  archive=$1 first=$2 base=$3
  shift 3
  pg_restore --section=pre-data -l "$archive" >/tmp/all
  last=$(awk '/^[0-9]+; [0-9]+ [0-9]+ EXTENSION / { last = NR } END { print last + 0 }' /tmp/all)
  head -n "$last" /tmp/all >/tmp/extensions
  tail -n "+$((last + 1))" /tmp/all >/tmp/further
  define /tmp/extensions "$archive" "$first" "$@"
  new -d "$base" -c "$PIN"
  define /tmp/further "$archive" "$base"
  new -d "$base" -c "$PIN"
  pg_restore -U "$DEVENV_NEW_USER" -d "$base" --section=data --section=post-data --exit-on-error -j "$(nproc)" "$archive" || exit "$OTHER_WAY"
  rm -r "$archive"
}

number=0
while IFS= read -r base; do
  number=$((number + 1))
  echo "restoring $base" >&2
  new -d template1 -v name="$base" -f - <<'SQL'
SELECT format('DROP DATABASE IF EXISTS %I', :'name') \gexec
SQL
  restore "base-$number" postgres "$base" --create </dev/null
done <bases
for base in postgres template1; do
  restore "own-$base" "$base" "$base"
done
new -d postgres -f owner.sql
