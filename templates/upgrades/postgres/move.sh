# In the new server's container: everything of the old one, which listens in /devenv/old, with this version's own tools.
set -eu
# What the image prints while it makes a cluster has ended: this runs when the server serves.
for role in "$DEVENV_USER" postgres; do
  psql -XAtqU "$role" -h /devenv/old -d postgres -c 'SELECT' >/dev/null 2>&1 && break
done
old() { psql -XAtq -v ON_ERROR_STOP=1 -U "$role" -h /devenv/old "$@"; }
new() { psql -XAtq -v ON_ERROR_STOP=1 -U "$DEVENV_NEW_USER" "$@"; }
fail() { echo "devenv: $*" >&2; exit 1; }
jobs=$(nproc)
have=$(new -d postgres -c 'SHOW server_version')

[ "$(old -d postgres -c 'SELECT count(*) FROM pg_prepared_xacts')" = 0 ] || fail 'there are prepared transactions: COMMIT or ROLLBACK PREPARED them first'
[ "$(old -d postgres -c "SELECT count(*) FROM pg_tablespace WHERE spcname !~ '^pg_'")" = 0 ] || fail 'there are tablespaces of your own: ALTER … SET TABLESPACE pg_default, then DROP TABLESPACE'

bases=$(old -d postgres -c "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname <> 'postgres' ORDER BY datname COLLATE \"C\"")
closed=$(old -d postgres -c "SELECT string_agg(datname, ', ') FROM pg_database WHERE NOT datallowconn AND datname <> 'template0'")
[ -z "$closed" ] || echo "note: $closed lets nobody in, and was left out"

# All that is lacking is told at once.
lacking=''
IFS='
'
for base in $bases postgres; do
  for extension in $(old -d "$base" -c 'SELECT extname FROM pg_extension'); do
    [ "$(new -d postgres -v name="$extension" -f - <<'SQL'
SELECT count(*) FROM pg_available_extensions WHERE name = :'name';
SQL
    )" = 1 ] || lacking="$lacking, $extension (in $base)"
  done
done
[ -z "$lacking" ] || fail "the image of PostgreSQL $have lacks the extension ${lacking#, }"

# Roles. The one that made this cluster is there already.
pg_dumpall -U "$role" -h /devenv/old --globals-only --no-sync >/devenv/dump/globals.sql
new -d postgres -c "SELECT 'CREATE ROLE ' || quote_ident(rolname) || ';' FROM pg_roles" >/devenv/dump/there
grep -vxFf /devenv/dump/there /devenv/dump/globals.sql >/devenv/dump/roles.sql
new -d postgres -f /devenv/dump/roles.sql >/dev/null

# Definitions first, as text: a server that is newer than this pg_dump, though of an older major version, marks its
# columns in a way that this one would neither hide nor take (17.12 beside 18.6).
restore() {
  first=$1 base=$2
  shift 2
  pg_restore --section=pre-data "$@" -f /devenv/dump/definitions /devenv/dump/base
  sed -E -e '/^ALTER TABLE ONLY .* SET \(pg_attver=[0-9]+\);$/d' -e '/^ALTER TABLE ONLY .* SET \(/s/, pg_attver=[0-9]+|pg_attver=[0-9]+, //' \
    /devenv/dump/definitions >/devenv/dump/definitions.sql
  new -d "$first" -f /devenv/dump/definitions.sql >/dev/null
  pg_restore -U "$DEVENV_NEW_USER" -d "$base" --section=data --section=post-data --exit-on-error -j "$jobs" /devenv/dump/base
}

for base in $bases; do
  echo "dumping $base" >&2
  rm -rf /devenv/dump/base
  pg_dump -U "$role" -h /devenv/old -d "$base" -Fd -j "$jobs" -Z 0 --no-sync -f /devenv/dump/base
  echo "restoring $base" >&2
  new -d template1 -v name="$base" -f - <<'SQL'
SELECT format('DROP DATABASE IF EXISTS %I', :'name') \gexec
SQL
  restore postgres "$base" --create
done
for base in postgres template1; do
  rm -rf /devenv/dump/base
  pg_dump -U "$role" -h /devenv/old -d "$base" -Fd -Z 0 --no-sync -f /devenv/dump/base
  restore "$base" "$base"
done
# What a dump of a database leaves out where the database is there already.
old -d postgres -c "SELECT format('ALTER DATABASE %I OWNER TO %I;', datname, pg_get_userbyid(datdba)) FROM pg_database WHERE datname = 'postgres'" >/devenv/dump/owner.sql
new -d postgres -f /devenv/dump/owner.sql

# ALTER SYSTEM, as far as this version knows the setting.
old -d postgres -F '	' >/devenv/dump/settings <<'SQL'
SELECT name, CASE WHEN name IN ('local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces')
  THEN (SELECT string_agg(quote_literal(trim(trim(item), '"')), ', ') FROM regexp_split_to_table(setting, ',') item)
  ELSE quote_literal(setting) END
FROM pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$' ORDER BY seqno;
SQL
while IFS='	' read -r name value; do
  new -d postgres -c "ALTER SYSTEM SET \"$name\" = $value" 2>/dev/null ||
    echo "note: ALTER SYSTEM SET $name was left out: PostgreSQL $have does not take it"
done </devenv/dump/settings

# Who may come in from where.
for file in hba ident; do
  path=$(new -d postgres -c "SHOW ${file}_file")
  cp -p "$path" /devenv/dump/kept
  old -d postgres -c "SELECT pg_read_file(current_setting('${file}_file'))" >/devenv/dump/said
  cat /devenv/dump/said >"$path"
  if [ "$file" = hba ] && [ "$(new -d postgres -c 'SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL')" != 0 ]; then
    cat /devenv/dump/kept >"$path"
    echo "note: pg_hba.conf is this version's own: PostgreSQL $have does not take the old one"
  fi
done

echo 'gathering statistics' >&2
vacuumdb -U "$DEVENV_NEW_USER" --all --analyze-only --quiet -j "$jobs"
