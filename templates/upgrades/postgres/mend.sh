# In the new server's container after pg_upgrade: extensions brought to the versions that this image has, and, where
# another C library orders texts, every index made anew that may depend on it. Rows that would now belong to another
# partition are not moved: nobody would find them where they are, so this is refused.
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
    echo "making indexes of $base anew: another C library orders texts" >&2
    ask -d "$base" -v name="$base" 2>/tmp/said <<'SQL' || { cat /tmp/said >&2; exit 1; }
-- Left as they are: plain columns of types that know no texts, and texts in the order of their bytes. All else is made
-- anew, be it an expression or a type that devenv does not know.
WITH bytewise AS (SELECT oid FROM pg_collation WHERE collname IN ('C', 'POSIX') AND collnamespace = 'pg_catalog'::regnamespace OR collprovider = 'b'
  UNION SELECT 'pg_catalog."default"'::regcollation FROM pg_database WHERE datname = current_database()
    AND (datlocprovider = 'b' OR datlocprovider = 'c' AND datcollate IN ('C', 'POSIX')))
SELECT format('REINDEX INDEX %I.%I', n.nspname, c.relname)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'i' AND i.indisvalid AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL OR EXISTS (
  SELECT FROM unnest(i.indkey::int2[], i.indcollation::oid[]) AS k(number, ordered_by)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number JOIN pg_type t ON t.oid = a.atttypid
  WHERE NOT CASE WHEN k.ordered_by IS NULL THEN true  -- a column that is only carried along
    WHEN k.ordered_by <> 0 THEN k.ordered_by IN (SELECT oid FROM bytewise) AND t.oid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'name'::regtype)
    ELSE t.typtype = 'e' OR t.oid IN ('bool'::regtype, '"char"'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'float4'::regtype,
      'float8'::regtype, 'numeric'::regtype, 'money'::regtype, 'oid'::regtype, 'uuid'::regtype, 'bytea'::regtype, 'bit'::regtype, 'varbit'::regtype,
      'date'::regtype, 'time'::regtype, 'timetz'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'interval'::regtype,
      'inet'::regtype, 'cidr'::regtype, 'macaddr'::regtype, 'macaddr8'::regtype, 'pg_lsn'::regtype) END))
ORDER BY n.nspname, c.relname \gexec
SELECT format('ALTER COLLATION %I.%I REFRESH VERSION', n.nspname, c.collname) FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
  WHERE c.collversion IS NOT NULL AND c.collversion IS DISTINCT FROM pg_collation_actual_version(c.oid) \gexec
SELECT format('ALTER DATABASE %I REFRESH COLLATION VERSION', :'name') \gexec
SQL
    ask -d "$base" 2>/tmp/said >/tmp/misplaced <<'SQL' || { cat /tmp/said >&2; exit 1; }
SELECT format('SELECT %L FROM ONLY %s WHERE NOT (%s) LIMIT 1', c.oid::regclass, c.oid::regclass, pg_get_partition_constraintdef(c.oid))
FROM pg_class c WHERE c.relispartition AND c.relkind = 'r' AND EXISTS (
  SELECT FROM pg_partition_ancestors(c.oid) AS above JOIN pg_partitioned_table p ON p.partrelid = above
  WHERE p.partstrat = 'r' AND 0 <> ANY (p.partcollation::oid[]))
ORDER BY c.oid::regclass::text \gexec
SQL
    [ ! -s /tmp/misplaced ] || {
      echo "devenv: another C library orders texts otherwise: rows of $(tr '\n' ' ' </tmp/misplaced)in $base belong to other partitions there; COLLATE \"C\" in the partitions' key keeps them" >&2
      exit 1
    }
  fi
done </tmp/bases
