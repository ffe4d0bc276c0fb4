# What every database holds: how many keys of each type, and a sum over hashes of them, the same from any version; and
# the functions. Asked inside the server, one database in one go.
#
# Nobody's loss are keys and fields of hashes that end while data is being moved. The first census notes until when that
# is, for the second one. Lifetimes are compared where both servers tell them exactly ($DEVENV_EXACT).
set -eu
[ -n "${REDISCLI_AUTH:-}" ] || unset REDISCLI_AUTH
ask() { "$DEVENV_CLI" --no-auth-warning "$@"; }
[ -s /devenv/notes/until ] || echo "$(($(date +%s) + 3600))000" >/devenv/notes/until
until=$(cat /devenv/notes/until)
said=$(mktemp)
script=$(cat <<'LUA'
local deadline, exact = tonumber(ARGV[1]), ARGV[2] == 'yes'
local counts, sums, seen, cursor = {}, {}, {}, '0'
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- 52 bits: all that a number of Lua holds.
local function sum(...) return tonumber(string.sub(redis.sha1hex(table.concat({...}, '\0')), 1, 13), 16) end
local function add(a, b) return (a + b) % 4503599627370496 end
local function score(text) return string.format('%.17g', tonumber(text)) end
local fields = not redis.pcall('HPEXPIRETIME', 'devenv-none', 'FIELDS', 1, 'x').err
local function chained(page) -- page(n) gives the parts that follow the nth
  local whole, at = '', 0
  repeat
    local parts = page(at)
    whole = redis.sha1hex(whole .. table.concat(parts, '\0'))
    at = at + #parts
  until #parts == 0
  return whole
end
local function ending(key, flat, from) -- those of the next 500 fields that end soon
  local names = {}
  for i = from, math.min(from + 998, #flat - 1), 2 do names[#names + 1] = flat[i] end
  local times, ends = redis.call('HPEXPIRETIME', key, 'FIELDS', #names, unpack(names)), {}
  for i, time in ipairs(times) do if time >= 0 and time <= deadline then ends[names[i]] = true end end
  return ends
end
-- Ranges that leave their first id out are known from 6.2 on.
local open = not redis.pcall('XRANGE', 'devenv-none', '(0-1', '+').err
local function after(id)
  if open then return '(' .. id end
  local time, number = string.match(id, '(%d+)-(%d+)')
  return time .. '-' .. string.format('%.0f', tonumber(number) + 1)
end
local function stream(key)
  local last, parts = '-', {}
  local whole = chained(function()
    local found = {}
    for _, entry in ipairs(redis.call('XRANGE', key, last, '+', 'COUNT', 1000)) do
      found[#found + 1] = entry[1] .. '\0' .. table.concat(entry[2], '\0')
      last = after(entry[1])
    end
    return found
  end)
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do if info[i] == 'last-generated-id' then parts[1] = info[i + 1] end end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local about = {}
    for i = 1, #group, 2 do about[group[i]] = group[i + 1] end
    local lines, from = {'group ' .. about.name, about['last-delivered-id']}, '-'
    for _, one in ipairs(redis.call('XINFO', 'CONSUMERS', key, about.name)) do lines[#lines + 1] = 'consumer ' .. one[2] end
    repeat
      local page = redis.call('XPENDING', key, about.name, from, '+', 1000)
      for _, item in ipairs(page) do
        -- What was deleted meanwhile is pending for nobody.
        if #redis.call('XRANGE', key, item[1], item[1]) > 0 then lines[#lines + 1] = item[1] .. ' ' .. item[2] .. ' ' .. item[4] end
        from = after(item[1])
      end
    until #page == 0
    table.sort(lines)
    parts[#parts + 1] = table.concat(lines, '\0')
  end
  table.sort(parts)
  return whole .. table.concat(parts, '\0')
end
local read = {
  string = function(key) return redis.call('GET', key) end,
  list = function(key) return chained(function(at) return redis.call('LRANGE', key, at, at + 999) end) end,
  set = function(key)
    local whole = 0
    for _, member in ipairs(redis.call('SMEMBERS', key)) do whole = add(whole, sum(member)) end
    return whole
  end,
  hash = function(key)
    local whole, flat, ends = 0, redis.call('HGETALL', key), {}
    for i = 1, #flat, 2 do
      if fields and i % 1000 == 1 then ends = ending(key, flat, i) end
      if not ends[flat[i]] then whole = add(whole, sum(flat[i], flat[i + 1])) end
    end
    return whole
  end,
  zset = function(key)
    local whole, flat = 0, redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for i = 1, #flat, 2 do whole = add(whole, sum(flat[i], score(flat[i + 1]))) end
    return whole
  end,
  stream = stream,
}
local function visit(key)
  local left = redis.call('PTTL', key)
  if left == -2 or (left >= 0 and now + left <= deadline) then return end
  local kind = redis.call('TYPE', key).ok
  local value = read[kind] and read[kind](key) or ''
  if type(value) == 'number' then value = string.format('%.0f', value) end
  local ends = left == -1 and 'stays' or exact and string.format('%.0f', redis.call('PEXPIRETIME', key)) or 'ends'
  counts[kind] = (counts[kind] or 0) + 1
  sums[kind] = add(sums[kind] or 0, sum(key, value, ends))
end
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    -- While a table is being resized a key may come twice.
    local mark = sum(key)
    if not seen[mark] then
      seen[mark] = true
      visit(key)
    end
  end
until cursor == '0'
local lines = {'counted'}
for kind, count in pairs(counts) do
  lines[#lines + 1] = kind .. ' ' .. count .. ' ' .. string.format('%.0f', sums[kind])
end
return lines
LUA
)
ask INFO keyspace >"$said"
for index in $(sed -n 's/^db\([0-9]*\):.*/\1/p' "$said"); do
  ask -n "$index" EVAL "$script" 0 "$until" "$DEVENV_EXACT" >"$said"
  if [ "$(head -n 1 "$said")" != counted ]; then
    echo "devenv: database $index cannot be counted: $(head -n 1 "$said")" >&2
    exit 1
  fi
  sed 1d "$said" | LC_ALL=C sort | awk -v index_="$index" '{ print "database " index_ ": " $1 "\t" $2 " " $3 }'
done
# Functions there are from 7.0 on.
ask FUNCTION LIST WITHCODE >"$said"
if grep -q '^library_code' "$said"; then
  for name in $(sed -n '/^library_name/{n;p;}' "$said" | LC_ALL=C sort); do
    ask FUNCTION LIST LIBRARYNAME "$name" WITHCODE | sed '1,/^library_code/d' | grep -v '^$' >"$said.code"
    printf 'functions %s\t%s\n' "$name" "$(sha1sum <"$said.code" | cut -c 1-40)"
  done
fi
rm -f "$said" "$said.code"
echo '# end'
