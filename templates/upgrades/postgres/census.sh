# What a cluster holds, one line a fact, the same from any version: databases, roles, settings, and for every table how
# many rows it has and a sum over hashes of them, in whatever order they lie.
set -eu
find_role
export PGUSER="$role" PGCLIENTENCODING=UTF8
export PGOPTIONS='-c datestyle=ISO -c timezone=UTC -c bytea_output=hex -c intervalstyle=postgres -c extra_float_digits=1 -c lc_monetary=C -c xmloption=content -c search_path=pg_catalog -c client_min_messages=error -c statement_timeout=0 -c parallel_setup_cost=0 -c parallel_tuple_cost=0 -c min_parallel_table_scan_size=1MB -c max_parallel_workers_per_gather=4 -c jit=off -c default_transaction_read_only=off'
ask() { psql -XAtq -v ON_ERROR_STOP=1 -v alike="${DEVENV_ALIKE:-no}" -F '	' -d "$1"; }

ask postgres <<'SQL'
SELECT 'role '||rolname, concat_ws(' ', rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
  rolbypassrls, rolconnlimit, rolvaliduntil, md5(rolpassword)) FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE "C";
SELECT 'member '||m.rolname||' of '||r.rolname, max(a.admin_option::text) FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid
  JOIN pg_roles m ON m.oid = a.member WHERE m.rolname !~ '^pg_' GROUP BY m.rolname, r.rolname ORDER BY 1;
SELECT 'setting of '||coalesce(r.rolname, 'all')||' in '||coalesce(d.datname, 'all'), s.setconfig::text
  FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase ORDER BY 1;
SELECT 'database '||datname, concat_ws(' ', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit)
  FROM pg_database WHERE datallowconn AND datname <> 'template1' AND datname <> 'template0' ORDER BY datname COLLATE "C";
SQL

bases=$(psql -XAtq -v ON_ERROR_STOP=1 -d postgres -c "SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'template0' ORDER BY datname COLLATE \"C\"")
said=$(mktemp)
IFS='
'
for base in $bases; do
  # Everything that an extension made is the extension's own, and another in another version.
  ask "$base" >"$said" <<'SQL'
CREATE TEMP VIEW own AS SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
SELECT 'extension '||extname, '' FROM pg_extension ORDER BY extname COLLATE "C";
SELECT 'relations of sort '||relkind::text, count(*) FROM own WHERE relkind NOT IN ('t', 'i', 'I') GROUP BY relkind ORDER BY relkind;
SELECT 'indexes', concat_ws(' ', count(*), count(*) FILTER (WHERE i.indisvalid), count(*) FILTER (WHERE i.indisunique))
  FROM pg_index i JOIN own ON own.oid = i.indrelid;
SELECT 'constraints of sort '||contype::text, count(*) FROM pg_constraint k JOIN own ON own.oid = k.conrelid WHERE contype <> 'n' GROUP BY contype ORDER BY contype;
SELECT 'materialized views with data', count(*) FILTER (WHERE c.relispopulated) FROM own JOIN pg_class c USING (oid) WHERE own.relkind = 'm';
SELECT 'triggers', count(*) FROM pg_trigger g JOIN own ON own.oid = g.tgrelid WHERE NOT g.tgisinternal;
SELECT 'policies', count(*) FROM pg_policy p JOIN own ON own.oid = p.polrelid;
SELECT 'functions', count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');
SELECT 'settings of functions', sum(hashtextextended(p.proconfig::text, 0)) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');
SELECT 'relations owned by '||pg_get_userbyid(c.relowner), count(*) FROM own JOIN pg_class c USING (oid) WHERE own.relkind NOT IN ('t', 'i', 'I')
  GROUP BY c.relowner ORDER BY 1;
SELECT format('SELECT %L, concat_ws('' '', last_value, is_called) FROM %I.%I', 'sequence '||nspname||'.'||relname, nspname, relname)
  FROM own WHERE relkind = 'S' ORDER BY nspname COLLATE "C", relname COLLATE "C" \gexec
-- By value, as SQL finds values equal, where both versions hash them in the same way; else as text, at half the speed.
-- Every column has a seed of its own, and the sum is over rows: what moves to another column or another row is noticed.
WITH how(type, hash) AS (VALUES ('int2', 'hashint2extended(%s, %s)'), ('int4', 'hashint4extended(%s, %s)'), ('int8', 'hashint8extended(%s, %s)'),
  ('bool', 'hashint4extended(%s::int, %s)'), ('numeric', 'hash_numeric_extended(%s, %s)'), ('uuid', 'uuid_hash_extended(%s, %s)'),
  ('text', 'hashtextextended(%s COLLATE "C", %s)'), ('varchar', 'hashtextextended(%s COLLATE "C", %s)'),
  ('timestamp', 'timestamp_hash_extended(%s, %s)'), ('timestamptz', 'timestamp_hash_extended(%s AT TIME ZONE ''UTC'', %s)'),
  ('time', 'time_hash_extended(%s, %s)'), ('date', 'hash_record_extended(ROW(%s), %s)'), ('bytea', 'hash_record_extended(ROW(%s), %s)')),
columns AS (SELECT a.attrelid, quote_ident(a.attname) AS name, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS number,
    CASE WHEN coalesce(k.collisdeterministic, true) THEN how.hash END AS hash
  FROM pg_attribute a LEFT JOIN how ON how.type::regtype = a.atttypid LEFT JOIN pg_collation k ON k.oid = a.attcollation
  WHERE a.attnum > 0 AND NOT a.attisdropped)
SELECT format('SELECT %L, concat_ws('' '', count(*), sum(%s)) FROM ONLY %I.%I t', 'table '||nspname||'.'||relname,
  CASE WHEN :'alike' = 'yes' AND bool_and(hash IS NOT NULL)
  THEN 'hashint8extended('||string_agg(format('coalesce('||hash||', %s)', 't.'||name, number, number), ' # ' ORDER BY number)||', 0)'
  ELSE 'hashtextextended(t::text COLLATE "C", 0)' END, nspname, relname)
  FROM own LEFT JOIN columns ON attrelid = oid WHERE relkind = 'r' GROUP BY nspname, relname ORDER BY nspname COLLATE "C", relname COLLATE "C" \gexec
SELECT 'large objects', concat_ws(' ', count(DISTINCT loid), sum(hashtextextended(loid||' '||pageno||' '||encode(data, 'hex'), 0))) FROM pg_largeobject;
SQL
  awk -v base="$base" '{ print "in " base ": " $0 }' "$said"
done
rm "$said"
echo '# end'
