# What a broker keeps: every retained message with a hash of it, and of every session that outlives its connection what
# it subscribes to and how many messages wait for it.
set -eu
work=$(mktemp -d)
set -- -k 60 -h 127.0.0.1 --retained-only -F '%t	%x'
[ -z "${DEVENV_USER:-}" ] || set -- --username "$DEVENV_USER" --pw "$DEVENV_PASSWORD" "$@"
# Retained messages come in the order of the topics asked for, so the last one says that there are no more.
: >"$work/retained"
mosquitto_sub "$@" -t '#' -t '$SYS/broker/version' >"$work/retained" 2>"$work/said" &
reader=$!
left=6000
until grep -q '^\$SYS/broker/version	' "$work/retained"; do
  left=$((left - 1))
  if [ "$left" = 0 ] || ! kill -0 "$reader" 2>/dev/null; then
    echo "devenv: the retained messages cannot be read: $(tail -n 1 "$work/said")" >&2
    exit 1
  fi
  sleep 0.1
done
kill "$reader"
# Two sums over each message in one go: a program for each would take longer than all else.
LC_ALL=C awk -F '	' '
  /^\$SYS\// { next }
  {
    first = second = length($2)
    for (at = 1; at <= length($2); at += 4) {
      piece = substr($2, at, 4)
      if (!(piece in known)) {
        value = 0
        for (one = 1; one <= length(piece); one++) value = value * 16 + index("0123456789abcdef", tolower(substr(piece, one, 1)))
        known[piece] = value
      }
      first = (first * 65599 + known[piece]) % 2147483647
      second = (second * 131071 + known[piece]) % 2147483629
    }
    print "retained " $1 "\t" length($2) / 2 " " first " " second
    count++
  }
  END { print "retained messages\t" count + 0 }
' "$work/retained" >"$work/counted"
LC_ALL=C sort "$work/counted"

# Sessions are nowhere but in the file that the server writes when it is told to; it puts each one in the place of the
# last. Before 2.0 (format 6) it is another one, and then nothing is said.
file=/mosquitto/data/mosquitto.db
before=$(ls -i "$file" 2>/dev/null || :)
kill -USR1 1
left=300
while [ "$(ls -i "$file" 2>/dev/null || :)" = "$before" ]; do
  left=$((left - 1))
  if [ "$left" = 0 ]; then
    echo 'devenv: the server does not save what it holds' >&2
    exit 1
  fi
  sleep 0.1
done
od -An -v -tu1 "$file" >"$work/bytes"
awk '
  # A head of 23 bytes, the last of them the format; then chunks, each of a number, a length, and so many bytes.
  function number(at, size,   value) { value = 0; while (size--) value = value * 256 + chunk[at++]; return value }
  function word(at, size,   text) {
    text = ""
    while (size--) {
      text = text (chunk[at] > 32 && chunk[at] < 127 ? sprintf("%c", chunk[at]) : sprintf("\\%03o", chunk[at]))
      at++
    }
    return text
  }
  function ended(   id) {
    if (kind == 6) { id = word(24, number(14, 2)); session[id] = session[id] "" }
    if (kind == 5) {
      id = word(12, number(4, 2))
      print "session " id " subscribes to " word(12 + number(4, 2), number(6, 2)) "\tQoS " chunk[8]
    }
    if (kind == 3) { id = word(16, number(10, 2)); waiting[id]++ }
  }
  {
    for (field = 1; field <= NF; field++) {
      byte = $field
      position++
      if (position <= 23) { format = byte; continue }
      if (format != 6) exit
      if (headed < 8) {
        head[headed++] = byte
        if (headed < 8) continue
        kind = ((head[0] * 256 + head[1]) * 256 + head[2]) * 256 + head[3]
        size = ((head[4] * 256 + head[5]) * 256 + head[6]) * 256 + head[7]
        have = 0
      } else {
        # Messages themselves are long, and nobody looks at them here.
        if (kind == 3 || kind == 5 || kind == 6) chunk[have] = byte
        have++
      }
      if (have == size) { ended(); headed = 0 }
    }
  }
  END { for (id in session) print "session " id "\tmessages waiting: " waiting[id] + 0 }
' "$work/bytes" >"$work/sessions"
LC_ALL=C sort "$work/sessions"
rm -r "$work"
echo '# end'
