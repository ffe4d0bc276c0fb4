# What every database holds: how many keys of each type that do not end soon, and a sum over hashes of them, the same
# from any version. Keys that end while data is being moved are nobody's loss.
set -eu
[ -n "${REDISCLI_AUTH:-}" ] || unset REDISCLI_AUTH
ask() { "$DEVENV_CLI" --no-auth-warning "$@"; }
databases=$(ask CONFIG GET databases | tail -n 1)
index=0
while [ "$index" -lt "$databases" ]; do
  if [ "$(ask -n "$index" DBSIZE)" != 0 ]; then
    found=$(ask -n "$index" EVAL "$(cat <<'LUA'
local cursor, counts, sums = '0', {}, {}
local function sha(...) return redis.sha1hex(table.concat({...}, '\0')) end
local function each(list, size) -- the members of a set or a hash, in an order of their own
  local items = {}
  for i = 1, #list, size do
    items[#items + 1] = size == 2 and list[i] .. '\0' .. list[i + 1] or list[i]
  end
  table.sort(items)
  return table.concat(items, '\0')
end
local read = {
  string = function(key) return redis.call('GET', key) end,
  list = function(key) return table.concat(redis.call('LRANGE', key, 0, -1), '\0') end,
  set = function(key) return each(redis.call('SMEMBERS', key), 1) end,
  hash = function(key) return each(redis.call('HGETALL', key), 2) end,
  zset = function(key) return each(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES'), 2) end,
  stream = function(key)
    local parts = {}
    for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do
      parts[#parts + 1] = entry[1] .. '\0' .. table.concat(entry[2], '\0')
    end
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
      parts[#parts + 1] = 'group ' .. group[2]
    end
    return table.concat(parts, '\0')
  end,
}
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    local left = redis.call('TTL', key)
    if left == -1 or left > 86400 then
      local kind = redis.call('TYPE', key).ok
      local value = read[kind] and read[kind](key) or ''
      local sum = tonumber(string.sub(sha(key, value, left == -1 and 'stays' or 'ends'), 1, 8), 16)
      counts[kind] = (counts[kind] or 0) + 1
      sums[kind] = ((sums[kind] or 0) + sum) % 4294967296
    end
  end
until cursor == '0'
local lines = {}
for kind, count in pairs(counts) do
  lines[#lines + 1] = kind .. ' ' .. count .. ' ' .. string.format('%d', sums[kind])
end
table.sort(lines)
return lines
LUA
)" 0)
    case "$found" in *ERR*) echo "devenv: $found" >&2; exit 1 ;; esac
    echo "$found" | awk -v index_="$index" 'NF { print "database " index_ ": " $1 "\t" $2 " " $3 }'
  fi
  index=$((index + 1))
done
echo '# end'
