# In a server's container: all that it holds into /devenv/dump, for any later version to read.
set -eu
for role in "$DEVENV_USER" postgres; do
  psql -XAtqU "$role" -d postgres -c 'SELECT' >/dev/null 2>&1 && break
done
ask() { psql -XAtq -v ON_ERROR_STOP=1 -U "$role" "$@"; }
fail() { echo "devenv: $*" >&2; exit 1; }
cd /devenv/dump

[ "$(ask -d postgres -c 'SELECT count(*) FROM pg_prepared_xacts')" = 0 ] || fail 'there are prepared transactions: COMMIT or ROLLBACK PREPARED them first'
[ "$(ask -d postgres -c "SELECT count(*) FROM pg_tablespace WHERE spcname !~ '^pg_'")" = 0 ] || fail 'there are tablespaces of your own: ALTER … SET TABLESPACE pg_default, then DROP TABLESPACE'

pg_dumpall -U "$role" --globals-only --no-sync >globals.sql
ask -d postgres -c "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname <> 'postgres' ORDER BY datname COLLATE \"C\"" >bases
ask -d postgres -c "SELECT format('ALTER DATABASE %I OWNER TO %I;', datname, pg_get_userbyid(datdba)) FROM pg_database WHERE datname = 'postgres'" >owner.sql
ask -d postgres -F '	' >settings <<'SQL'
SELECT name, CASE WHEN name IN ('local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces')
  THEN (SELECT string_agg(quote_literal(trim(trim(item), '"')), ', ') FROM regexp_split_to_table(setting, ',') item)
  ELSE quote_literal(setting) END
FROM pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$' ORDER BY seqno;
SQL
number=0
: >extensions
while IFS= read -r base; do
  number=$((number + 1))
  pg_dump -U "$role" -d "$base" -Fd -j "$(nproc)" -Z 0 --no-sync -f "base-$number"
  ask -d "$base" -c 'SELECT extname FROM pg_extension' >>extensions
done <bases
for base in postgres template1; do
  pg_dump -U "$role" -d "$base" -Fc -Z 0 -f "own-$base"
  ask -d "$base" -c 'SELECT extname FROM pg_extension' >>extensions
done
