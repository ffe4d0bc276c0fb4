# In the new server's container: every key of the old one, written as the commands that make it, in pages; what is big
# in parts. Data does not leave the two servers and the pipe between them.
set -eu
[ -n "${REDISCLI_AUTH:-}" ] || unset REDISCLI_AUTH
new() { "$DEVENV_CLI" --no-auth-warning "$@"; }
old() {
  if [ -n "$DEVENV_OLD_AUTH" ]; then
    REDISCLI_AUTH=$DEVENV_OLD_AUTH "$DEVENV_CLI" --no-auth-warning -h old "$@"
  else
    env -u REDISCLI_AUTH "$DEVENV_CLI" -h old "$@"
  fi
}
fail() { echo "devenv: $*" >&2; exit 1; }
folder=$(mktemp -d)
script=$(cat <<'LUA'
-- ARGV: 'page' cursor | 'part' type key (in hex) where; the database; whether fields of hashes may end
-- Answers lines: the next cursor or place, big keys, how many lifetimes of fields are lost, types that cannot go;
-- then commands.
local out, big, lost, strange = {}, {}, 0, {}
local lives = ARGV[6] == 'yes'
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local fields = not redis.pcall('HPEXPIRETIME', 'devenv-none', 'FIELDS', 1, 'x').err
local function whole(number) return string.format('%.0f', number) end
local function tell(words)
  out[#out + 1] = '*' .. #words .. '\r\n'
  for _, word in ipairs(words) do out[#out + 1] = '$' .. #word .. '\r\n' .. word .. '\r\n' end
end
local function say(...) tell({...}) end
local function each(verb, key, items) -- in commands of 500 words at most
  for from = 1, #items, 500 do
    local upto = math.min(from + 499, #items)
    out[#out + 1] = '*' .. (upto - from + 3) .. '\r\n'
    for _, word in ipairs({verb, key}) do out[#out + 1] = '$' .. #word .. '\r\n' .. word .. '\r\n' end
    for i = from, upto do out[#out + 1] = '$' .. #items[i] .. '\r\n' .. items[i] .. '\r\n' end
  end
end
local function scored(flat)
  local items = {}
  for i = 1, #flat, 2 do items[i], items[i + 1] = flat[i + 1], flat[i] end
  return items
end
local function lifetimes(key, flat)
  for from = 1, fields and #flat or 0, 1000 do
    local names = {}
    for i = from, math.min(from + 998, #flat - 1), 2 do names[#names + 1] = flat[i] end
    for i, time in ipairs(redis.call('HPEXPIRETIME', key, 'FIELDS', #names, unpack(names))) do
      if time >= 0 and lives then say('HPEXPIREAT', key, whole(time), 'FIELDS', '1', names[i])
      elseif time >= 0 then lost = lost + 1 end
    end
  end
end
local function hash(key, flat)
  each('HSET', key, flat)
  lifetimes(key, flat)
end
local function about(flat)
  local found = {}
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end
local function groups(key) -- and what makes an empty stream one
  say('XGROUP', 'CREATE', key, 'devenv-upgrade', '0', 'MKSTREAM')
  say('XGROUP', 'DESTROY', key, 'devenv-upgrade')
  local it = about(redis.call('XINFO', 'STREAM', key))
  say('XSETID', key, it['last-generated-id'], 'ENTRIESADDED', whole(it['entries-added']), 'MAXDELETEDID', it['max-deleted-entry-id'])
  for _, item in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local group = about(item)
    if group['entries-read'] then
      say('XGROUP', 'CREATE', key, group.name, group['last-delivered-id'], 'ENTRIESREAD', whole(group['entries-read']))
    else
      say('XGROUP', 'CREATE', key, group.name, group['last-delivered-id'])
    end
    for _, one in ipairs(redis.call('XINFO', 'CONSUMERS', key, group.name)) do say('XGROUP', 'CREATECONSUMER', key, group.name, one[2]) end
    local from = '-'
    repeat
      local page = redis.call('XPENDING', key, group.name, from, '+', 1000)
      for _, entry in ipairs(page) do
        say('XCLAIM', key, group.name, entry[2], '0', entry[1], 'TIME', whole(now - entry[3]), 'RETRYCOUNT', whole(entry[4]), 'FORCE', 'JUSTID')
        from = '(' .. entry[1]
      end
    until #page == 0
  end
end
local function entries(key, from, count)
  local found = redis.call('XRANGE', key, from, '+', 'COUNT', count)
  for _, entry in ipairs(found) do
    local words = {'XADD', key, entry[1]}
    for _, word in ipairs(entry[2]) do words[#words + 1] = word end
    tell(words)
  end
  return #found == count and '(' .. found[#found][1] or 'end'
end
local make = {
  string = function(key) say('SET', key, redis.call('GET', key)) end,
  list = function(key) each('RPUSH', key, redis.call('LRANGE', key, 0, -1)) end,
  set = function(key) each('SADD', key, redis.call('SMEMBERS', key)) end,
  zset = function(key) each('ZADD', key, scored(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES'))) end,
  hash = function(key) hash(key, redis.call('HGETALL', key)) end,
  stream = function(key)
    entries(key, '-', 1000000)
    groups(key)
  end,
}
-- About 4 MB at once, in members.
local function share(key, length) return math.max(100, math.floor(4194304 / redis.call('MEMORY', 'USAGE', key) * redis.call(length, key))) end
local function scanned(verb, length, key, at, then_)
  local page = redis.call(verb, key, at == '-' and '0' or at, 'COUNT', share(key, length))
  if #page[2] > 0 then then_(page[2]) end
  return page[1] == '0' and 'end' or page[1]
end
local function counted(at, size, read)
  local from = at == '-' and 0 or tonumber(at)
  return read(from, from + size - 1) < size and 'end' or whole(from + size)
end
local part = { -- gives where the next part begins
  string = function(key, at)
    return counted(at, 4194304, function(from, upto)
      local piece = redis.call('GETRANGE', key, from, upto)
      if #piece > 0 then say('APPEND', key, piece) end
      return #piece
    end)
  end,
  list = function(key, at)
    return counted(at, share(key, 'LLEN'), function(from, upto)
      local items = redis.call('LRANGE', key, from, upto)
      if #items > 0 then each('RPUSH', key, items) end
      return #items
    end)
  end,
  zset = function(key, at)
    return counted(at, share(key, 'ZCARD'), function(from, upto)
      local items = redis.call('ZRANGE', key, from, upto, 'WITHSCORES')
      if #items > 0 then each('ZADD', key, scored(items)) end
      return #items / 2
    end)
  end,
  set = function(key, at) return scanned('SSCAN', 'SCARD', key, at, function(items) each('SADD', key, items) end) end,
  hash = function(key, at) return scanned('HSCAN', 'HLEN', key, at, function(items) hash(key, items) end) end,
  stream = function(key, at)
    local rest = entries(key, at, share(key, 'XLEN'))
    if rest == 'end' then groups(key) end
    return rest
  end,
}
local function end_(key)
  local time = redis.call('PEXPIRETIME', key)
  if time >= 0 then say('PEXPIREAT', key, whole(time)) end
end
local next_
say('SELECT', ARGV[5])
if ARGV[1] == 'page' then
  local page = redis.call('SCAN', ARGV[2], 'COUNT', 1000)
  next_ = page[1]
  for _, key in ipairs(page[2]) do
    local kind = redis.call('TYPE', key).ok
    if kind == 'none' then -- ended just now
    elseif not make[kind] then strange[#strange + 1] = kind
    elseif redis.call('MEMORY', 'USAGE', key) > 65536 then
      big[#big + 1] = kind .. ':' .. string.gsub(key, '.', function(char) return string.format('%02x', string.byte(char)) end)
    else
      say('DEL', key)
      make[kind](key)
      end_(key)
    end
  end
else
  local key = string.gsub(ARGV[3], '..', function(pair) return string.char(tonumber(pair, 16)) end)
  if ARGV[4] == '-' then say('DEL', key) end
  next_ = part[ARGV[2]](key, ARGV[4])
  if next_ == 'end' then end_(key) end
end
return table.concat({'next ' .. next_, table.concat(big, ' '), lost, table.concat(strange, ' '), table.concat(out)}, '\n')
LUA
)
# One answer of the old server, done by the new one; $next, $big and $lost are what it says beside it.
lost=0
take() {
  old -n "$database" --raw EVAL "$script" 0 "$@" >"$folder/page"
  { IFS= read -r next && IFS= read -r big && IFS= read -r gone && IFS= read -r strange; } <"$folder/page" || next=
  case "$next" in
    'next '*) next=${next#next } ;;
    *) fail "the old server cannot be read: $(head -n 1 "$folder/page")" ;;
  esac
  lost=$((lost + gone))
  [ -z "$strange" ] || fail "there are keys of a type that only the old server has: $(echo "$strange" | tr ' ' '\n' | sort -u | tr '\n' ' '). Delete them, or stay with $DEVENV_OLD_KIND"
  tail -n +5 "$folder/page" | new --pipe >"$folder/said" 2>&1 || fail "the new server refuses what the old one held: $(grep -v -e '^All data' -e '^Last reply' "$folder/said" | head -n 2 | tr '\n' ' ')"
  case "$(cat "$folder/said")" in *'errors: 0,'*) ;; *) fail "what the new server made of the data is not known: $(tail -n 1 "$folder/said")" ;; esac
}
lives=no
case "$(new HPEXPIREAT devenv-none 1 FIELDS 1 x 2>&1)" in *ERR*) ;; *) lives=yes ;; esac
old INFO keyspace >"$folder/keyspace"
databases=$(sed -n 's/^db\([0-9]*\):.*/\1/p' "$folder/keyspace")
there=$(new CONFIG GET databases | tail -n 1)
for database in $databases; do
  [ "$database" -lt "$there" ] || fail "there is data in database $database, and the new server has $there: settings.databases = $((database + 1))"
  cursor=0
  while :; do
    take page "$cursor" - - "$database" "$lives"
    cursor=$next
    for item in $big; do
      place=-
      until [ "$place" = end ]; do
        take part "${item%%:*}" "${item#*:}" "$place" "$database" "$lives"
        place=$next
      done
    done
    [ "$cursor" != 0 ] || break
  done
done
[ "$lost" = 0 ] || echo "note: $lost fields of hashes no longer end by themselves: the new version knows no such thing"
old FUNCTION LIST >"$folder/functions"
for name in $(sed -n '/^library_name/{n;p;}' "$folder/functions"); do
  old FUNCTION LIST LIBRARYNAME "$name" WITHCODE >"$folder/library"
  code=$(sed '1,/^library_code/d' "$folder/library")
  [ "$(printf %s "$code" | new -x FUNCTION LOAD REPLACE)" = "$name" ] || fail "the new server does not take the functions of $name"
done
rm -r "$folder"
