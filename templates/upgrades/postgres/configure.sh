# In a new server's container, when all data is there: what note.sh wrote down, as far as this version takes it, and
# statistics for the planner.
set -eu
new() { psql -XAtq -v ON_ERROR_STOP=1 -U "$DEVENV_NEW_USER" -d postgres "$@"; }
cd /devenv/dump
have=$(new -c 'SHOW server_version')

while IFS='	' read -r name value; do
  new -c "ALTER SYSTEM SET \"$name\" = $value" 2>/dev/null </dev/null ||
    echo "note: ALTER SYSTEM SET $name was left out: PostgreSQL $have does not take it"
done <settings

path=$(new -c 'SHOW hba_file')
cp "$path" /tmp/kept
cat hba >"$path"
if [ "$(new -c 'SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL')" != 0 ]; then
  cat /tmp/kept >"$path"
  echo "note: pg_hba.conf is this version's own: PostgreSQL $have does not take the old one"
fi
rm /tmp/kept
cat ident >"$(new -c 'SHOW ident_file')"

echo 'gathering statistics' >&2
vacuumdb -U "$DEVENV_NEW_USER" --all --analyze-only --quiet -j "$(nproc)"
