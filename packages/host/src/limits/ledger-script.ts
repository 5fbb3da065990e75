// The one script that counts for all replicas: it judges every entry by the store's own clock, then takes all or none.
// The arithmetic is that of the ledger in memory (security-core/src/limits/ledger.ts).

/** KEYS: one for each entry. ARGV: `take` or `give`, and the entries as JSON. Returns {entry from 1 or 0, wait in ms}. */
export const LEDGER_SCRIPT = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local entries = cjson.decode(ARGV[2])

local function spent(entry, key)
  local held = redis.call('HMGET', key, 's', 'a')
  if not held[1] then return 0 end
  if tonumber(held[2]) > now then redis.call('HSET', key, 'a', now) end -- the clock was set back: it counts from here
  local age = math.max(0, now - tonumber(held[2]))
  return math.max(0, tonumber(held[1]) - age * entry.most / entry.windowMs)
end

local function move(entry, key, amount)
  redis.call('HSET', key, 's', string.format('%.6f', math.max(0, spent(entry, key) + amount)), 'a', now)
  redis.call('PEXPIRE', key, entry.windowMs)
end

local function arrival(entry, key)
  local latest = now + entry.intervalMs + entry.toleranceMs
  return math.min(tonumber(redis.call('GET', key) or '0'), latest)
end

if ARGV[1] == 'give' then
  for i, entry in ipairs(entries) do
    if entry.kind == 'slot' then redis.call('ZREM', KEYS[i], entry.id) end
    if entry.kind == 'budget' then move(entry, KEYS[i], -entry.amount) end
  end
  return {0, 0}
end

local blocking, longest = 0, -1
for i, entry in ipairs(entries) do
  local key, wait = KEYS[i], nil
  if entry.kind == 'rate' then
    local early = arrival(entry, key) - entry.toleranceMs - now
    if early > 0 then wait = early end
  elseif entry.kind == 'slot' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    if redis.call('ZCARD', key) >= entry.most then wait = 0 end
  elseif entry.kind == 'budget' then
    local over = spent(entry, key) + entry.amount - entry.most
    if over > 0 then
      if entry.amount > entry.most then wait = 0 else wait = over * entry.windowMs / entry.most end
    end
  else
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    if not redis.call('ZSCORE', key, entry.member) and redis.call('ZCARD', key) >= entry.most then
      local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
      wait = 0
      if oldest[2] then wait = tonumber(oldest[2]) - now end
    end
  end
  if wait and wait > longest then blocking, longest = i, wait end
end
if blocking > 0 then return {blocking, math.ceil(longest)} end

for i, entry in ipairs(entries) do
  local key = KEYS[i]
  if entry.kind == 'rate' then
    local due = math.max(now, arrival(entry, key)) + entry.intervalMs
    redis.call('SET', key, string.format('%.6f', due), 'PX', math.ceil(due - now))
  elseif entry.kind == 'slot' then
    redis.call('ZADD', key, now + entry.forMs, entry.id)
    redis.call('PEXPIRE', key, entry.forMs)
  elseif entry.kind == 'budget' then
    move(entry, key, entry.amount)
  else
    redis.call('ZADD', key, now + entry.windowMs, entry.member)
    redis.call('PEXPIRE', key, entry.windowMs)
  end
end
return {0, 0}
`
