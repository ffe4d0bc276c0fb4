# What a server holds: databases, and for every table how many rows it has and a sum over hashes of them, in whatever
# order they lie. Rows of tables with a TTL go by themselves, and some types have no hash.
set -eu
work=$(mktemp -d)
ask() { clickhouse-client --user "$DEVENV_USER" ${DEVENV_PASSWORD:+--password "$DEVENV_PASSWORD"} "$@"; }
# Merging throws away what is replaced by something newer: it must not do so between two questions.
ask --query 'SYSTEM STOP MERGES' </dev/null
ask --multiquery >"$work/known" <<'SQL'
SELECT concat('database ', name), engine FROM system.databases
  WHERE name NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA', '_temporary_and_external_tables') ORDER BY name FORMAT TSVRaw;
SELECT concat('relation ', database, '.', name), engine FROM system.tables
  WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') AND NOT is_temporary ORDER BY database, name FORMAT TSVRaw;
SQL
cat "$work/known"
ask >"$work/questions" <<'SQL'
SELECT concat('SELECT ', quote, replaceAll(concat('table ', database, '.', name), quote, concat(quote, quote)), quote, ', concat(toString(count())',
    if(plain, ', '' '', toString(sum(cityHash64(*)))', ', '''''), ') FROM `', database, '`.`', name, '`', if(merges, ' FINAL', ''), ' FORMAT TSVRaw;')
FROM (
  SELECT t.database AS database, t.name AS name, '''' AS quote,
    match(t.engine, '(Replacing|Summing|Aggregating|Collapsing|Graphite).*MergeTree') AS merges, c.plain AS plain
  FROM system.tables AS t
  INNER JOIN (
    SELECT database, table, min(NOT match(type, 'AggregateFunction|Object|JSON|Dynamic|Variant')) AS plain FROM system.columns GROUP BY database, table
  ) AS c ON c.database = t.database AND c.table = t.name
  WHERE t.database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') AND NOT t.is_temporary
    AND match(t.engine, 'MergeTree$|Log$') AND NOT match(t.create_table_query, '\\bTTL\\b')
) ORDER BY database, name FORMAT TSVRaw
SQL
ask --multiquery <"$work/questions" >"$work/counted"
cat "$work/counted"
ask --query "SELECT concat('user ', name), storage FROM system.users WHERE storage NOT IN ('users_xml', 'users.xml') ORDER BY name FORMAT TSVRaw" </dev/null >"$work/users" 2>/dev/null || : >"$work/users"
cat "$work/users"
rm -r "$work"
echo '# end'
