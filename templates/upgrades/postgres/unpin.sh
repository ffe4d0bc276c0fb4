# In the new server's container, when all data is there: functions as they were. PostgreSQL 17 and newer call those of an
# index with an empty search_path for good: a table that cannot be analyzed so is named.
set -eu
ask() { psql -XAtq -v ON_ERROR_STOP=1 -U "$DEVENV_NEW_USER" "$@"; }
have=$(ask -d postgres -c "SELECT current_setting('server_version_num')::int / 10000")
bases=$(ask -d postgres -c 'SELECT datname FROM pg_database WHERE datallowconn')
IFS='
'
for base in $bases; do
  tables=$(ask -d "$base" <<'SQL'
CREATE TEMP TABLE pinned AS SELECT oid FROM pg_proc WHERE 'devenv.pinned=on' = ANY (proconfig);
UPDATE pg_proc SET proconfig = nullif(ARRAY(SELECT item FROM unnest(proconfig) item WHERE item !~ '^(devenv.pinned|search_path)='), '{}')
  WHERE oid IN (SELECT oid FROM pinned);
SELECT DISTINCT format('%I.%I', n.nspname, c.relname) FROM pg_depend d JOIN pg_index i ON i.indexrelid = d.objid
  JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_proc'::regclass AND d.refobjid IN (SELECT oid FROM pinned);
SQL
  )
  [ "$have" -ge 17 ] || continue
  for table in $tables; do
    ask -d "$base" -c "ANALYZE $table" 2>/tmp/said && continue
    why=$(sed -n 's/^ERROR: *//p' /tmp/said | head -n 1)
    echo "note: PostgreSQL $have cannot analyze $table in $base or rebuild its indexes: $why. Set the search_path of the function that its index calls: ALTER FUNCTION ... SET search_path = ..."
  done
done
