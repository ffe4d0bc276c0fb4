# In the new server's container: what the other kind's dump has left in /devenv/dump, in the order of the files' numbers.
set -eu
fail() { echo "devenv: $*" >&2; exit 1; }
client=$(command -v mariadb || command -v mysql)
ask() { "$client" --protocol=socket --user=root --default-character-set=utf8mb4 --batch --skip-column-names --max-allowed-packet=1G "$@"; }
export MYSQL_PWD=devenv
cd /devenv/dump

# Every collation that is wanted must be there; all that are not are told at once.
: >lacking
cut -f 1 wanted | sort -u >asked
while IFS= read -r name; do
  ask --execute "DO CONVERT('a' USING ${name%%_*}) COLLATE $name" >/dev/null 2>&1 && continue
  awk -F '\t' -v name="$name" '$1 == name { print $2 " has the collation " name }' wanted | head -n 3 >>lacking
done <asked
[ ! -s lacking ] || fail "$DEVENV_TO cannot have this: $(sed 's/$/;/' lacking | tr '\n' ' ')give it another collation first"

for file in [1-8]-*.sql; do
  echo "loading $file" >&2
  # The first line of a dump of data may be for its own kind's client only.
  case "$file" in 6-*) sed '1{/enable the sandbox mode/d
}' "$file" >loaded ;; *) cp "$file" loaded ;; esac
  # A server that keeps a binary log asks for more before it makes functions; rules are those of the data, not of today.
  { echo "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO';"; cat loaded; } >loading
  ask <loading 2>said || fail "${file#*-}: $(grep -m 1 ERROR said || head -n 1 said)"
  rm -f "$file"
done
ask --execute 'FLUSH PRIVILEGES'
rm -f loaded loading
