# In the old server's container, for a server of the other kind: databases, accounts, definitions and data, each in a file
# of its own, in words that both understand. What the other kind does not have is told by its name, all of it at once.
set -eu
fail() { echo "devenv: $*" >&2; exit 1; }
client=$(command -v mariadb || command -v mysql)
dump=$(command -v mariadb-dump || command -v mysqldump)
ask() { "$client" --protocol=socket --user=root --default-character-set=utf8mb4 --batch --skip-column-names --database=information_schema "$@"; }
in=''
for word in devenv "${DEVENV_ROOT_PASSWORD:-}" "${DEVENV_NEXT_PASSWORD:-}" ''; do
  export MYSQL_PWD="$word"
  if ask --execute 'DO 0' >/dev/null 2>&1; then in=yes; break; fi
done
[ "$in" ] || fail 'root@localhost lets nobody in by a password that devenv knows: set root_password to what it has'
cd /devenv/dump
ours="NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"
begin="SET SESSION sql_mode = '', group_concat_max_len = 1048576;"

# What the other kind has not. Sentences, a line each.
ask --raw >lacking <<SQL
$begin
SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, IF(TABLE_TYPE = 'SEQUENCE', ' is a sequence', ' keeps its history (system versioning)')) FROM TABLES
  WHERE TABLE_SCHEMA $ours AND TABLE_TYPE IN ('SYSTEM VERSIONED', 'SEQUENCE');
SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME, ' is of type ', DATA_TYPE) FROM COLUMNS
  WHERE TABLE_SCHEMA $ours AND DATA_TYPE IN ('uuid', 'inet4', 'inet6', 'vector', 'xmltype');
SQL
if [ -n "$(ask --execute "SELECT 1 FROM COLUMNS WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'STATISTICS' AND COLUMN_NAME = 'EXPRESSION'")" ]; then
  ask --raw --execute "SELECT DISTINCT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, ' has an index over an expression, ', INDEX_NAME) FROM STATISTICS WHERE TABLE_SCHEMA $ours AND EXPRESSION IS NOT NULL" >>lacking
fi
[ ! -s lacking ] || fail "$DEVENV_TO cannot have this: $(sed 's/$/;/' lacking | tr '\n' ' ')"

# Collations that only one kind knows, to those of the other that compare alike.
cat >words.sed <<SED
$DEVENV_COLLATIONS
SED
ask --raw >collations <<SQL
SELECT DEFAULT_COLLATION_NAME, CONCAT('database ', SCHEMA_NAME) FROM SCHEMATA WHERE SCHEMA_NAME $ours;
SELECT TABLE_COLLATION, CONCAT('table ', TABLE_SCHEMA, '.', TABLE_NAME) FROM TABLES WHERE TABLE_SCHEMA $ours AND TABLE_COLLATION IS NOT NULL;
SELECT COLLATION_NAME, CONCAT('column ', TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME) FROM COLUMNS WHERE TABLE_SCHEMA $ours AND COLLATION_NAME IS NOT NULL;
SQL
sed -E -f words.sed collations | sort -u >wanted
cat >>words.sed <<'SED'
# Only one kind has these words in sql_mode.
s/,?(NO_AUTO_CREATE_USER|TIME_TRUNCATE_FRACTIONAL)//g
# MariaDB's own engine, and what it alone takes.
/^\) ENGINE=/{
s/ENGINE=Aria/ENGINE=InnoDB/
s/ (PAGE_CHECKSUM|TRANSACTIONAL)=[01]//g
s/ ROW_FORMAT=PAGE//
}
# Tells MariaDB's client that it must not run commands; others take it for one.
1{/enable the sandbox mode/d
}
SED

quoted() { echo "CONCAT('\`', REPLACE($1, '\`', '\`\`'), '\`')"; }
ask --raw >bases <<SQL
SELECT CONCAT('DROP DATABASE IF EXISTS ', $(quoted SCHEMA_NAME), '; CREATE DATABASE ', $(quoted SCHEMA_NAME), ' CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ', DEFAULT_COLLATION_NAME, ';') FROM SCHEMATA WHERE SCHEMA_NAME $ours;
SQL
sed -E -f words.sed bases >1-bases.sql

# Accounts, locked as long as nobody can log in by what they had. What they may do, as far as both kinds have it, comes
# last: until then they may do everything, so that each view can be made whoever it reads as.
mine="User NOT IN ('mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema', 'healthcheck', '', $DEVENV_OWN) AND Host <> ''"
who="CONCAT(QUOTE(User), '@', QUOTE(Host))"
with="''"
[ -z "${DEVENV_NATIVE:-}" ] || with="IF(plugin = 'mysql_native_password' AND authentication_string <> '', CONCAT(' IDENTIFIED BY PASSWORD ', QUOTE(authentication_string)), '')"
ask --raw >2-accounts.sql <<SQL
$begin
SELECT CONCAT('CREATE USER IF NOT EXISTS ', $who, IF($with = '', ' ACCOUNT LOCK', $with), '; GRANT ALL ON *.* TO ', $who, ';') FROM mysql.user WHERE $mine;
SQL
ask --raw <<SQL
$begin
SELECT CONCAT('note: ', $who, ' logs in by ', COALESCE(NULLIF(plugin, ''), 'mysql_native_password'), ', which cannot be carried over; it is locked: ALTER USER ', $who, ' IDENTIFIED BY \'…\' ACCOUNT UNLOCK') FROM mysql.user WHERE $mine AND $with = '';
SQL
both="('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'REFERENCES', 'INDEX', 'ALTER', 'CREATE TEMPORARY TABLES', 'LOCK TABLES', 'EXECUTE', 'CREATE VIEW', 'SHOW VIEW', 'CREATE ROUTINE', 'ALTER ROUTINE', 'EVENT', 'TRIGGER')"
wide="('RELOAD', 'PROCESS', 'FILE', 'SHOW DATABASES', 'CREATE USER')"
join="JOIN (SELECT $who AS account, CAST(CONCAT('''', User, '''@''', Host, '''') AS BINARY) AS said FROM mysql.user WHERE $mine) u ON CAST(GRANTEE AS BINARY) = u.said"
may="IF(MAX(IS_GRANTABLE) = 'YES', ' WITH GRANT OPTION', ''), ';'"
ask --raw >8-grants.sql <<SQL
$begin
SELECT CONCAT('REVOKE ALL PRIVILEGES, GRANT OPTION FROM ', $who, ';') FROM mysql.user WHERE $mine;
SELECT CONCAT('GRANT ', GROUP_CONCAT(PRIVILEGE_TYPE), ' ON *.* TO ', account, $may) FROM USER_PRIVILEGES $join WHERE PRIVILEGE_TYPE IN $both OR PRIVILEGE_TYPE IN $wide GROUP BY account;
SELECT CONCAT('GRANT ', GROUP_CONCAT(PRIVILEGE_TYPE), ' ON ', $(quoted TABLE_SCHEMA), '.* TO ', account, $may) FROM SCHEMA_PRIVILEGES $join WHERE PRIVILEGE_TYPE IN $both GROUP BY account, TABLE_SCHEMA;
SELECT CONCAT('GRANT ', GROUP_CONCAT(PRIVILEGE_TYPE), ' ON ', $(quoted TABLE_SCHEMA), '.', $(quoted TABLE_NAME), ' TO ', account, $may) FROM TABLE_PRIVILEGES $join WHERE PRIVILEGE_TYPE IN $both GROUP BY account, TABLE_SCHEMA, TABLE_NAME;
SELECT CONCAT('GRANT ', PRIVILEGE_TYPE, ' (', $(quoted COLUMN_NAME), ') ON ', $(quoted TABLE_SCHEMA), '.', $(quoted TABLE_NAME), ' TO ', account, ';') FROM COLUMN_PRIVILEGES $join;
SELECT CONCAT('GRANT ', REPLACE(REPLACE(Proc_priv, ',Grant', ''), 'Grant', 'USAGE'), ' ON ', Routine_type, ' ', $(quoted Db), '.', $(quoted Routine_name), ' TO ', $who, ';') FROM mysql.procs_priv WHERE $mine;
SQL

# Routines come before views that call them, data before triggers that would act on it.
ask --raw --execute "SELECT SCHEMA_NAME FROM SCHEMATA WHERE SCHEMA_NAME $ours" >names
set --
while IFS= read -r name; do set -- "$@" "$name"; done <names
of() {
  "$dump" --protocol=socket --user=root --default-character-set=utf8mb4 --loose-set-gtid-purged=OFF --loose-column-statistics=0 \
    --no-tablespaces --no-create-db --single-transaction --hex-blob --max-allowed-packet=1G "$@"
}
: >3-routines.sql; : >4-tables.sql; : >6-data.sql; : >7-triggers.sql
[ $# -gt 0 ] || exit 0
of --no-data --no-create-info --skip-triggers --routines --events --databases "$@" >said && sed -E -f words.sed said >3-routines.sql
of --no-data --skip-triggers --databases "$@" >said && sed -E -f words.sed said >4-tables.sql
of --no-data --no-create-info --triggers --databases "$@" >said && sed -E -f words.sed said >7-triggers.sql
# MariaDB's client writes values for generated columns too, which MySQL does not take: those tables are written here.
: >computed
if [ "${dump##*/}" = mariadb-dump ]; then
  ask --raw >computed <<SQL
$begin
SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME), CONCAT('SELECT CONCAT(', QUOTE(CONCAT('INSERT INTO ', place, ' (', GROUP_CONCAT(IF(made, NULL, name) ORDER BY ORDINAL_POSITION), ') VALUES (')),
    ', CONCAT_WS('','',', GROUP_CONCAT(IF(made, NULL, CONCAT('COALESCE(', CASE
      WHEN DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'year') THEN name
      WHEN DATA_TYPE = 'bit' THEN CONCAT(name, '+0')
      WHEN DATA_TYPE IN ('date', 'datetime', 'timestamp', 'time') THEN CONCAT('QUOTE(', name, ')')
      ELSE CONCAT('CONCAT(''x'''''', HEX(', name, '), '''''''')') END, ',''NULL'')')) ORDER BY ORDINAL_POSITION), '), '');'') FROM ', place, ';')
  FROM (SELECT c.*, EXTRA LIKE '%GENERATED%' AS made, $(quoted COLUMN_NAME) AS name, CONCAT($(quoted TABLE_SCHEMA), '.', $(quoted TABLE_NAME)) AS place FROM COLUMNS c
    JOIN TABLES t USING (TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA $ours AND TABLE_TYPE = 'BASE TABLE') x
  GROUP BY TABLE_SCHEMA, TABLE_NAME, place HAVING MAX(made);
SQL
fi
cut -f 1 computed >apart
while IFS= read -r name; do set -- "$@" "--ignore-table=$name"; done <apart
of --no-create-info --skip-triggers --databases "$@" >6-data.sql
if [ -s computed ]; then
  { echo "$begin SET SESSION time_zone = '+00:00';"; cut -f 2- computed; } >asking
  { echo "SET SESSION time_zone = '+00:00', foreign_key_checks = 0, autocommit = 0;"; ask --raw --quick <asking; echo 'COMMIT;'; } >>6-data.sql
fi
rm -f said asking computed apart
