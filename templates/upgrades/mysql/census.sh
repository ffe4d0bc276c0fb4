# What MySQL and MariaDB hold, one line a fact, the same from any version of either: for every table how many rows it has
# and a sum over hashes of them, in whatever order they lie. With DEVENV_OTHER=yes only what both kinds can have.
set -eu
fail() { echo "devenv: $*" >&2; exit 1; }
client=$(command -v mariadb || command -v mysql)
ask() { "$client" --protocol=socket --user=root --default-character-set=utf8mb4 --batch --skip-column-names --database=information_schema "$@"; }
in=''
for word in devenv "${DEVENV_ROOT_PASSWORD:-}" "${DEVENV_NEXT_PASSWORD:-}" ''; do
  export MYSQL_PWD="$word"
  if ask --execute 'DO 0' >/dev/null 2>&1; then in=yes; break; fi
done
[ "$in" ] || fail 'root@localhost lets nobody in by a password that devenv knows: set root_password to what it has'

work=$(mktemp -d)
jobs=$(nproc)
other=${DEVENV_OTHER:-}
case "$(ask --execute 'SELECT VERSION()')" in *MariaDB*) maria=yes ;; *) maria='' ;; esac
# The same text of every value, no limit on how long a question may take, and no figures of yesterday.
begin="SET SESSION sql_mode = '', time_zone = '+00:00', group_concat_max_len = 67108864;"
if [ "$maria" ]; then
  begin="$begin SET SESSION max_statement_time = 0;"
else
  begin="$begin SET SESSION max_execution_time = 0;"
  [ -z "$(ask --execute "SHOW VARIABLES LIKE 'information_schema_stats_expiry'")" ] || begin="$begin SET SESSION information_schema_stats_expiry = 0;"
fi
ours="NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"
kinds="('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')"
# utf8 has been called utf8mb3 since MariaDB 10.6 and MySQL 8.0.
named() { echo "CASE WHEN $1 = 'utf8' THEN 'utf8mb3' WHEN $1 LIKE 'utf8\\_%' THEN CONCAT('utf8mb3', SUBSTRING($1, 5)) ELSE $1 END"; }
# Another kind's collations are other ones, it writes types otherwise, and the words of bodies are made to fit it.
if [ "$other" ]; then
  base=$(named DEFAULT_CHARACTER_SET_NAME) type="''" hash="''" checks="AND CONSTRAINT_TYPE <> 'CHECK'" engine="''"
  body() { echo "''"; }
else
  base="CONCAT_WS(' ', $(named DEFAULT_CHARACTER_SET_NAME), $(named DEFAULT_COLLATION_NAME))"
  type="CONCAT_WS(' ', DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, $(named COLLATION_NAME))" checks='' engine=ENGINE
  body() { echo "SHA2($1, 224)"; }
fi

ask <<SQL
$begin
SELECT CONCAT('database ', SCHEMA_NAME), $base FROM information_schema.SCHEMATA WHERE SCHEMA_NAME $ours ORDER BY BINARY SCHEMA_NAME;
SELECT CONCAT('columns ', c.TABLE_SCHEMA, '.', c.TABLE_NAME), CONCAT_WS(' ', COUNT(*), SUM(CRC32(CONCAT_WS(',', ORDINAL_POSITION, COLUMN_NAME, IS_NULLABLE, $type))))
  FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA $ours GROUP BY c.TABLE_SCHEMA, c.TABLE_NAME;
SELECT CONCAT('indexes ', TABLE_SCHEMA, '.', TABLE_NAME), CONCAT_WS(' ', COUNT(DISTINCT INDEX_NAME), SUM(CRC32(CONCAT_WS(',', INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE))))
  FROM information_schema.STATISTICS WHERE TABLE_SCHEMA $ours GROUP BY TABLE_SCHEMA, TABLE_NAME;
SELECT CONCAT('constraints ', TABLE_SCHEMA, '.', TABLE_NAME, ' ', CONSTRAINT_TYPE), COUNT(*)
  FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA $ours $checks GROUP BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_TYPE;
SELECT CONCAT('view ', TABLE_SCHEMA, '.', TABLE_NAME), CONCAT_WS(' ', DEFINER, SECURITY_TYPE, CHECK_OPTION) FROM information_schema.VIEWS WHERE TABLE_SCHEMA $ours;
SELECT CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_SCHEMA, '.', ROUTINE_NAME), CONCAT_WS(' ', DEFINER, SECURITY_TYPE, SQL_DATA_ACCESS, IS_DETERMINISTIC, $(body ROUTINE_DEFINITION))
  FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA $ours;
SELECT CONCAT('trigger ', TRIGGER_SCHEMA, '.', TRIGGER_NAME), CONCAT_WS(' ', ACTION_TIMING, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_ORDER, DEFINER, $(body ACTION_STATEMENT))
  FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA $ours;
SELECT CONCAT('event ', EVENT_SCHEMA, '.', EVENT_NAME), CONCAT_WS(' ', EVENT_TYPE, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, STARTS, ENDS, STATUS, ON_COMPLETION, DEFINER, $(body EVENT_DEFINITION))
  FROM information_schema.EVENTS WHERE EVENT_SCHEMA $ours;
SQL

# Accounts of devenv's own are made as the manifest says at every start, those of the images as the images like.
mine="User NOT IN ('mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema', 'healthcheck', '', ${DEVENV_OWN:-x'726f6f74'})"
granted="CAST(GRANTEE AS BINARY) IN (SELECT CAST(CONCAT('''', User, '''@''', Host, '''') AS BINARY) FROM mysql.user WHERE $mine)"
if [ "$maria" ]; then
  secret="COALESCE(NULLIF(authentication_string, ''), Password, '')" members="SELECT CONCAT('grant ', User, '@', Host, ': ', Role), Admin_option FROM mysql.roles_mapping WHERE $mine"
else
  secret="COALESCE(authentication_string, '')" members=''
  [ -z "$(ask --execute "SHOW TABLES FROM mysql LIKE 'role_edges'")" ] ||
    members="SELECT CONCAT('grant ', TO_USER, '@', TO_HOST, ': ', FROM_USER, '@', FROM_HOST), WITH_ADMIN_OPTION FROM mysql.role_edges"
fi
if [ "$other" ]; then
  ask --execute "SELECT CONCAT('user ', User, '@', Host), '' FROM mysql.user WHERE Host <> '' AND $mine ORDER BY 1"
else
  ask <<SQL
$begin
SELECT CONCAT('user ', User, '@', Host), CONCAT_WS(' ', IF(plugin IN ('', 'mysql_native_password'), 'native', plugin), SHA2($secret, 224), max_user_connections) FROM mysql.user WHERE $mine ORDER BY 1;
SELECT CONCAT('grant ', GRANTEE, ': ', PRIVILEGE_TYPE), IS_GRANTABLE FROM information_schema.USER_PRIVILEGES WHERE $granted AND PRIVILEGE_TYPE NOT IN ('SET_USER_ID', 'VERSION_TOKEN_ADMIN') ORDER BY 1;
SELECT CONCAT('grant ', GRANTEE, ' on ', TABLE_SCHEMA, ': ', PRIVILEGE_TYPE), IS_GRANTABLE FROM information_schema.SCHEMA_PRIVILEGES WHERE $granted ORDER BY 1;
SELECT CONCAT('grant ', GRANTEE, ' on ', TABLE_SCHEMA, '.', TABLE_NAME, ': ', PRIVILEGE_TYPE), IS_GRANTABLE FROM information_schema.TABLE_PRIVILEGES WHERE $granted ORDER BY 1;
SELECT CONCAT('grant ', GRANTEE, ' on ', TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME, ': ', PRIVILEGE_TYPE), IS_GRANTABLE FROM information_schema.COLUMN_PRIVILEGES WHERE $granted ORDER BY 1;
SELECT CONCAT('grant ', User, '@', Host, ' on ', Routine_type, ' ', Db, '.', Routine_name), Proc_priv FROM mysql.procs_priv WHERE $mine ORDER BY 1;
$members;
SQL
fi

# A view that cannot be read says nothing here, before and after.
ask >"$work/views" <<SQL
SELECT CONCAT('SELECT CONCAT(''view reads '', CONVERT(x''', HEX(CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)), ''' USING utf8mb4)), COUNT(*) FROM (SELECT 1 FROM \`',
  REPLACE(TABLE_SCHEMA, '\`', '\`\`'), '\`.\`', REPLACE(TABLE_NAME, '\`', '\`\`'), '\` LIMIT 0) x;') FROM information_schema.VIEWS WHERE TABLE_SCHEMA $ours;
SQL
ask --force <"$work/views" 2>/dev/null || true

# A table's rows: as hexadecimal name, where they are, an expression that is all of a row, and a whole number that is its
# primary key. Text counts as the bytes it is kept in; of what may be longer than a packet the hash counts.
ask --raw >"$work/tables" <<SQL
$begin
SELECT HEX(CONCAT(t.TABLE_SCHEMA, '.', t.TABLE_NAME)),
  CONCAT('\`', REPLACE(t.TABLE_SCHEMA, '\`', '\`\`'), '\`.\`', REPLACE(t.TABLE_NAME, '\`', '\`\`'), '\`', IF(t.TABLE_TYPE = 'SYSTEM VERSIONED', ' FOR SYSTEM_TIME ALL', '')),
  CONCAT('CONCAT_WS(''#''', c.row_values, COALESCE(CONCAT(',CONCAT(', c.nulls, ')'), ''), ')'), COALESCE(k.name, '-')
FROM information_schema.TABLES t
JOIN (SELECT TABLE_SCHEMA, TABLE_NAME, GROUP_CONCAT(',', CASE
    WHEN DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'date', 'datetime', 'timestamp', 'time', 'year', 'uuid', 'inet4', 'inet6') THEN name
    WHEN DATA_TYPE = 'bit' THEN CONCAT(name, '+0')
    WHEN DATA_TYPE IN ('char', 'varchar', 'binary', 'varbinary', 'tinytext', 'text', 'tinyblob', 'blob', 'enum', 'set') THEN CONCAT('CAST(', name, ' AS BINARY)')
    ELSE CONCAT('SHA2(', name, ',224)') END ORDER BY ORDINAL_POSITION SEPARATOR '') AS row_values,
    GROUP_CONCAT(IF(IS_NULLABLE = 'YES', CONCAT('ISNULL(', name, ')'), NULL) ORDER BY ORDINAL_POSITION) AS nulls
  FROM (SELECT TABLE_SCHEMA, TABLE_NAME, DATA_TYPE, IS_NULLABLE, ORDINAL_POSITION, CONCAT('\`', REPLACE(COLUMN_NAME, '\`', '\`\`'), '\`') AS name
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA $ours) x GROUP BY TABLE_SCHEMA, TABLE_NAME) c
  ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
LEFT JOIN (SELECT TABLE_SCHEMA, TABLE_NAME, IF(COUNT(*) = 1, MAX(CONCAT('\`', REPLACE(COLUMN_NAME, '\`', '\`\`'), '\`')), NULL) AS name
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA $ours AND COLUMN_KEY = 'PRI' GROUP BY TABLE_SCHEMA, TABLE_NAME HAVING MAX(DATA_TYPE) IN ('int', 'bigint')) k
  ON k.TABLE_SCHEMA = t.TABLE_SCHEMA AND k.TABLE_NAME = t.TABLE_NAME
WHERE t.TABLE_SCHEMA $ours AND t.TABLE_TYPE IN $kinds;
SQL

# Questions in $1, answered by as many connections as there are processors; the answers in $2.
all() {
  rm -f "$work"/part.*
  awk -v jobs="$jobs" -v work="$work" '{ print > (work "/part." NR % jobs) }' "$1"
  pids=''
  for part in "$work"/part.*; do
    [ -f "$part" ] || continue
    { echo "$begin"; cat "$part"; } >"$part.sql"
    ask <"$part.sql" >"$part.said" &
    pids="$pids $!"
  done
  for pid in $pids; do wait "$pid" || fail 'a table cannot be read'; done
  cat "$work"/part.*.said >"$2" 2>/dev/null || : >"$2"
}

# In pieces where a whole number is the key: CRC32 of every row, and where that is not much 60 bits of a better one.
awk -F '\t' '$4 != "-" { print "SELECT \047" $1 "\047, COALESCE(MIN(" $4 "), 0), COALESCE(MAX(" $4 "), 0) FROM " $2 ";" }' "$work/tables" >"$work/asking"
all "$work/asking" "$work/ends"
awk -F '\t' -v ends="$work/ends" 'BEGIN { while ((getline line <ends) > 0) { split(line, part, "\t"); low[part[1]] = part[2]; high[part[1]] = part[3] } }
  { sum = "SELECT \047" $1 "\047, COUNT(*), COALESCE(SUM(CRC32(" $3 ")), 0) FROM " $2
    pieces = int((high[$1] - low[$1]) / 500000) + 1
    if (pieces > 64) pieces = 64
    for (i = 1; i <= pieces; i++) {
      from = i > 1 ? $4 " >= " at : "1"
      at = sprintf("%.0f", low[$1] + (high[$1] - low[$1]) / pieces * i)
      print sum (pieces > 1 ? " WHERE " from (i < pieces ? " AND " $4 " < " at : "") : "") ";"
    } }' "$work/tables" >"$work/summing"
all "$work/summing" "$work/sums"
awk -F '\t' '{ rows[$1] += $2 } END { for (name in rows) print name "\t" rows[name] }' "$work/sums" >"$work/rows"
awk -F '\t' -v rows="$work/rows" 'BEGIN { while ((getline line <rows) > 0) { split(line, part, "\t"); few[part[1]] = part[2] <= 1000000 } }
  few[$1] { print "SELECT \047" $1 "\047, 0, COALESCE(SUM(CAST(CONV(LEFT(SHA2(" $3 ", 224), 15), 16, 10) AS UNSIGNED)), 0) FROM " $2 ";" }' "$work/tables" >"$work/further"
all "$work/further" "$work/more"
awk -F '\t' '{ rows[$1] = rows[$1] "+" $2; sums[$1] = sums[$1] "+" $3 }
  END { for (name in rows) print "SELECT CONCAT(\047table \047, CONVERT(x\047" name "\047 USING utf8mb4)), CONCAT_WS(\047 \047, 0" rows[name] ", 0" sums[name] ");" }' \
  "$work/sums" "$work/more" >"$work/adding"
all "$work/adding" "$work/added"
cat "$work/added"
[ "$(wc -l <"$work/added")" = "$(wc -l <"$work/tables")" ] || fail 'not every table could be counted'
# After all tables were opened: until then MySQL tells the number that was given out last for the one that comes next.
ask <<SQL
$begin
SELECT CONCAT('counter ', TABLE_SCHEMA, '.', TABLE_NAME), CONCAT_WS(' ', GREATEST(COALESCE(AUTO_INCREMENT, 1), 1), $engine)
  FROM information_schema.TABLES WHERE TABLE_SCHEMA $ours AND TABLE_TYPE IN $kinds ORDER BY BINARY TABLE_SCHEMA, BINARY TABLE_NAME;
SQL
rm -rf "$work"
echo '# end'
