# How many mails there are, and which.
set -eu
work=$(mktemp -d)
wget -q -O "$work/said" 'http://127.0.0.1:8025/api/v1/messages?limit=1000000'
tr ',{' '\n\n' <"$work/said" >"$work/pieces"
sed -n 's/^ *"total": *\([0-9]*\).*/mails	\1/p' "$work/pieces"
sed -n 's/^ *"ID": *"\([^"]*\)".*/mail \1	is there/p' "$work/pieces" >"$work/mails"
LC_ALL=C sort "$work/mails"
rm -r "$work"
echo '# end'
