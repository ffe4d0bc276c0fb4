# What a broker keeps: where each partition ends, what is set for topics, and how far each group has read. Where a
# partition begins moves on by itself, as old messages are deleted.
set -eu
work=$(mktemp -d)
tool() {
  program=$1
  shift
  if ! "/opt/kafka/bin/kafka-$program.sh" --bootstrap-server localhost:19092 "$@" >"$work/said" 2>"$work/error" </dev/null; then
    echo "devenv: kafka-$program: $(tail -n 1 "$work/error")" >&2
    exit 1
  fi
}
tool topics --list
cp "$work/said" "$work/topics"
printf 'topics\t%s\n' "$(grep -vc '^__' "$work/topics" || :)"
if grep -qv '^__' "$work/topics"; then
  tool get-offsets --time -1 --exclude-internal-topics
  LC_ALL=C sort "$work/said" >"$work/sorted"
  while IFS=: read -r topic partition offset; do
    [ -z "$partition" ] || printf 'partition %s of %s ends at\t%s\n' "$partition" "$topic" "$offset"
  done <"$work/sorted"
  # Only what differs from the broker's own is listed: lines of topics, and below each what is set for it.
  tool configs --describe --entity-type topics
  awk '
    /^Dynamic configs for topic / { topic = $5; next }
    NF && topic !~ /^__/ { print "topic " topic " has " $1 "\tset" }
  ' "$work/said" >"$work/settings"
  LC_ALL=C sort "$work/settings"
fi
tool consumer-groups --list
if [ -s "$work/said" ]; then
  tool consumer-groups --describe --all-groups
  awk '
    $1 == "GROUP" { for (field = 1; field <= NF; field++) column[$field] = field; next }
    NF >= 4 && ("CURRENT-OFFSET" in column) && $1 != "Consumer" {
      print "group " $column["GROUP"] " in " $column["TOPIC"] " " $column["PARTITION"] "\t" $column["CURRENT-OFFSET"]
    }
  ' "$work/said" >"$work/groups"
  LC_ALL=C sort "$work/groups"
fi
rm -r "$work"
echo '# end'
