/**
 * A token bucket in Redis, by Redis' own clock. KEYS[1]: the bucket; ARGV: tokens a minute, "ask" or "tell", and how many. Answers the tokens
 * left as text; below zero when there was none. A debt is at most what a minute gives, so that nobody is shut out for longer.
 */
export const BUCKET_SCRIPT = `
local per = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local old = redis.call('HMGET', KEYS[1], 't', 'at')
local tokens = per
if old[1] then tokens = math.min(per, tonumber(old[1]) + math.max(0, now - tonumber(old[2])) * per / 60000) end
local left = tokens - tonumber(ARGV[3])
if ARGV[2] == 'tell' then
  tokens = math.max(-per, left)
elseif left >= 0 then
  tokens = left
end
redis.call('HSET', KEYS[1], 't', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], 180000)
return tostring(left)
`;
