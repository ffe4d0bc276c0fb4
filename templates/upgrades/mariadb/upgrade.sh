# In the new server's container, on data of an older one: its system tables brought up to date. One good exit code proves
# nothing, so it goes on until the server's own note and its own question both say that nothing is left to do.
set -eu
fail() { echo "devenv: $*" >&2; exit 1; }
client=$(command -v mariadb || command -v mysql)
upgrade=$(command -v mariadb-upgrade || command -v mysql_upgrade)
ask() { "$client" --protocol=socket --user=root --batch --skip-column-names "$@"; }
in=''
for word in devenv "${DEVENV_ROOT_PASSWORD:-}" "${DEVENV_NEXT_PASSWORD:-}" ''; do
  export MYSQL_PWD="$word"
  if ask --execute 'DO 0' >/dev/null 2>&1; then in=yes; break; fi
done
[ "$in" ] || fail 'root@localhost lets nobody in by a password that devenv knows: set root_password to what it has'
data=$(ask --execute 'SELECT @@datadir')
have=$(ask --execute "SELECT SUBSTRING_INDEX(VERSION(), '-', 1)")

# What belongs to somebody else cannot be replaced.
own() { find "$data" ! -user mysql -exec chown mysql: '{}' +; }
# 10.x writes mysql_upgrade_info, 11.x mariadb_upgrade_info; the other one may lie there from before.
noted() { cat "$data"/mariadb_upgrade_info "$data"/mysql_upgrade_info 2>/dev/null | tr '\0' '\n' | grep -q "^$have-"; }
# It ends with 0 where an upgrade is needed, and with 1 where it is not and where it could not tell.
needless() { "$upgrade" --protocol=socket --user=root --check-if-upgrade-is-needed >/tmp/devenv-asked 2>&1 && return 1; grep -q 'already upgraded' /tmp/devenv-asked; }

own
for round in 1 2 3; do
  if noted && needless; then break; fi
  echo "mariadb-upgrade, for the $round. time" >&2
  code=0
  "$upgrade" --protocol=socket --user=root >&2 || code=$?
  own
  echo "ended with code $code" >&2
done
noted || fail "mariadb-upgrade did not note that the data is of $have now"
needless || fail "mariadb-upgrade says that there is still something to do: $(tail -n 1 /tmp/devenv-asked)"

broken=$(ask --execute "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND ENGINE IS NULL")
[ "$broken" = 0 ] || fail "$broken tables cannot be opened by $have"
ask --execute 'SET GLOBAL innodb_fast_shutdown = 0'
