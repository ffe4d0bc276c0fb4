# Before a newer server opens the data: nothing left half done, everything of this version's own in place.
set -eu
fail() { echo "devenv: $*" >&2; exit 1; }
client=$(command -v mariadb || command -v mysql)
ask() { "$client" --protocol=socket --user=root --default-character-set=utf8mb4 --batch --skip-column-names "$@"; }
in=''
for word in devenv "${DEVENV_ROOT_PASSWORD:-}" "${DEVENV_NEXT_PASSWORD:-}" ''; do
  export MYSQL_PWD="$word"
  if ask --execute 'DO 0' >/dev/null 2>&1; then in=yes; break; fi
done
[ "$in" ] || fail 'root@localhost lets nobody in by a password that devenv knows: set root_password to what it has'

[ -z "$(ask --execute 'XA RECOVER')" ] || fail 'there are prepared XA transactions: XA COMMIT or XA ROLLBACK them first'

if [ "${DEVENV_NO_NATIVE:-}" ]; then
  # The next server does not load this way of logging in. devenv's own root must still get in there.
  ask --execute "SELECT 1 FROM mysql.user WHERE User = 'root' AND Host = 'localhost' AND plugin = 'mysql_native_password'" | grep -q 1 &&
    ask --execute "ALTER USER 'root'@'localhost' IDENTIFIED WITH caching_sha2_password BY 'devenv'"
  ask --raw --execute "SELECT CONCAT('note: ', QUOTE(User), '@', QUOTE(Host), ' logs in by mysql_native_password, which $DEVENV_NO_NATIVE does not load: ALTER USER ', QUOTE(User), '@', QUOTE(Host), ' IDENTIFIED WITH caching_sha2_password BY \'…\'') FROM mysql.user
    WHERE plugin = 'mysql_native_password' AND User NOT IN ('mysql.sys', 'mysql.session', 'mysql.infoschema', ${DEVENV_OWN:-x'726f6f74'})"
fi

# Everything merged and purged, and the redo log empty: whatever a version's own form of them is, the next one need not know it.
ask --execute 'SET GLOBAL innodb_fast_shutdown = 0'
