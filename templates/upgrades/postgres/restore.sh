# In a new server's container: all that is in /devenv/dump (see dump.sh), with this version's own tools.
set -eu
new() { psql -XAtq -v ON_ERROR_STOP=1 -U "$DEVENV_NEW_USER" "$@"; }
fail() { echo "devenv: $*" >&2; exit 1; }
cd /devenv/dump
have=$(new -d postgres -c 'SHOW server_version')

lacking=''
for extension in $(sort -u extensions); do
  [ "$(new -d postgres -v name="$extension" -f - <<'SQL'
SELECT count(*) FROM pg_available_extensions WHERE name = :'name';
SQL
  )" = 1 ] || lacking="$lacking, $extension"
done
[ -z "$lacking" ] || fail "the image of PostgreSQL $have lacks the extension ${lacking#, }"

# The role that made this cluster is there already.
new -d postgres -c "SELECT 'CREATE ROLE ' || quote_ident(rolname) || ';' FROM pg_roles" >/tmp/there
grep -vxFf /tmp/there globals.sql >/tmp/roles.sql
new -d postgres -f /tmp/roles.sql >/dev/null
rm /tmp/there /tmp/roles.sql

number=0
while IFS= read -r base; do
  number=$((number + 1))
  new -d template1 -v name="$base" -f - <<'SQL'
SELECT format('DROP DATABASE IF EXISTS %I', :'name') \gexec
SQL
  pg_restore -U "$DEVENV_NEW_USER" -d postgres --create --exit-on-error -j "$(nproc)" "base-$number" </dev/null
done <bases
for base in postgres template1; do
  pg_restore -U "$DEVENV_NEW_USER" -d "$base" --exit-on-error "own-$base"
done
new -d postgres -f owner.sql
while IFS='	' read -r name value; do
  new -d postgres -c "ALTER SYSTEM SET \"$name\" = $value" 2>/dev/null </dev/null ||
    echo "note: ALTER SYSTEM SET $name was left out: PostgreSQL $have does not take it"
done <settings
vacuumdb -U "$DEVENV_NEW_USER" --all --analyze-only --quiet -j "$(nproc)"
