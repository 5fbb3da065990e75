// The one script that keeps labels for all servers: it joins and tells by the store's own clock, and knows when its memory was lost.

/**
 * KEYS: the caller's labels, when the memory of the store began, and whether it was lost. ARGV: window in ms, the beginning that
 * this server has seen (or nothing), and 1 or 0 for private and for untrusted. Returns {beginning, lost, private, untrusted}.
 */
export const LABELS_SCRIPT = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local window = tonumber(ARGV[1])

local began = redis.call('GET', KEYS[2])
if not began then
  began = clock[1] .. '.' .. clock[2]
  redis.call('SET', KEYS[2], began)
end
if ARGV[2] ~= '' and ARGV[2] ~= began then redis.call('SET', KEYS[3], ARGV[2], 'PX', window) end

local added = {p = ARGV[3] == '1', u = ARGV[4] == '1'}
for field, given in pairs(added) do
  if given then redis.call('HSET', KEYS[1], field, now) end
end
if added.p or added.u then redis.call('PEXPIRE', KEYS[1], window + 1000) end

local held = redis.call('HMGET', KEYS[1], 'p', 'u')
local function stands(at)
  if at and now - tonumber(at) <= window then return 1 end
  return 0
end
return {began, redis.call('EXISTS', KEYS[3]), stands(held[1]), stands(held[2])}
`
