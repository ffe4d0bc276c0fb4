# What goes with data and is not in it, of the server that psql reaches, into /devenv/dump: who made the cluster, what
# ALTER SYSTEM set, who may come in from where. First of all: what there is no way for.
set -eu
find_role
ask() { psql -XAtq -v ON_ERROR_STOP=1 -U "$role" -d postgres "$@"; }
fail() { echo "devenv: $*" >&2; exit 1; }
cd /devenv/dump

[ "$(ask -c 'SELECT count(*) FROM pg_prepared_xacts')" = 0 ] || fail 'there are prepared transactions: COMMIT or ROLLBACK PREPARED them first'
[ "$(ask -c "SELECT count(*) FROM pg_tablespace WHERE spcname !~ '^pg_'")" = 0 ] || fail 'there are tablespaces of your own: ALTER … SET TABLESPACE pg_default, then DROP TABLESPACE'
closed=$(ask -c "SELECT string_agg(datname, ', ') FROM pg_database WHERE NOT datallowconn AND datname <> 'template0'")
[ -z "$closed" ] || echo "note: $closed lets nobody in, and is not counted"

slots=$(ask -c "SELECT string_agg(slot_name, ', ') FROM pg_replication_slots WHERE NOT temporary")
[ -z "$slots" ] || echo "note: replication slots are left out, and made anew by whoever follows them: $slots"

ask -c 'SELECT rolname FROM pg_authid WHERE oid = 10' >superuser
ask -F '	' >settings <<'SQL'
SELECT name, CASE WHEN name IN ('local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces')
  THEN (SELECT string_agg(quote_literal(trim(trim(item), '"')), ', ') FROM regexp_split_to_table(setting, ',') item)
  ELSE quote_literal(setting) END
FROM pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$' ORDER BY seqno;
SQL
for file in hba ident; do
  ask -c "SELECT pg_read_file(current_setting('${file}_file'))" >"$file"
done
