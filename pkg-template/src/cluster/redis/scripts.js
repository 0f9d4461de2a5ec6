/**
 * Lua scripts of the store. Each is one atomic step, sent with `EVAL`: the texts are short, and a cache of
 * scripts is lost at each failover. All keys of a script have the same hash tag. Replies are arrays of
 * strings, which are the same with RESP 2 and 3.
 *
 * A record is a hash: `o` owner, `f` number, `u` user, `w` URL, `x` crashes, `xt` time of the
 * last, `t` time of the request, and `v` version of the format. A record of a newer version is never overwritten.
 */

/** Time after which Redis forgets the list of members and an index that nobody renews, ms. */
const FORGET = 86_400_000;

/**
 * Writes or removes the entry of an instance, and returns the clock in ms, all entries, and the entry that
 * it had before.
 *
 * KEYS: members, index of the instance. ARGV: instance, state.
 */
export const BEAT = `
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local old = redis.call('HMGET', KEYS[1], ARGV[1])[1]
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('DEL', KEYS[2])
else
  redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ${FORGET})
end
return {now, redis.call('HGETALL', KEYS[1]), old}`;

/** Returns the fields of a record. KEYS: record. */
export const READ = "return redis.call('HMGET', KEYS[1], 'o', 'f', 'u', 'w', 'x', 'xt', 't', 'v')";

/** Returns the session ids in an index. KEYS: index of an instance. */
export const OWNED = "return redis.call('SMEMBERS', KEYS[1])";

/**
 * Replaces or removes a record if it is as expected; returns 1 or 0, and the fields of the record as it is
 * now.
 *
 * KEYS: record, index of the expected owner, index of the new owner. ARGV: expected owner, expected number
 * or `lower`, new owner or `-` to remove the record, number for `lower`, time to live in ms, session id,
 * user, URL, crashes, time of the last crash, time of the request.
 */
export const PUT = `
local r = redis.call('HMGET', KEYS[1], 'o', 'f', 'u', 'w', 'x', 'xt', 't', 'v')
local number, lower = tonumber(r[2] or 0), ARGV[2] == 'lower'
local matches = lower and number < tonumber(ARGV[4])
if not lower then matches = (r[1] or '') == ARGV[1] and number == tonumber(ARGV[2]) end
if not matches or tonumber(r[8] or 1) > 1 then return {0, unpack(r)} end
redis.call('SREM', KEYS[2], ARGV[6])
if ARGV[3] == '-' then
  redis.call('DEL', KEYS[1])
  return {1}
end
local f = ARGV[4]
if not lower then
  local time = redis.call('TIME')
  f = string.format('%.0f', math.max(number + 1, time[1] * 1000000 + time[2]))
end
redis.call('HSET', KEYS[1], 'o', ARGV[3], 'f', f, 'u', ARGV[7], 'w', ARGV[8], 'x', ARGV[9], 'xt', ARGV[10],
  't', ARGV[11], 'v', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if ARGV[3] ~= '' then
  redis.call('SADD', KEYS[3], ARGV[6])
  redis.call('PEXPIRE', KEYS[3], ${FORGET})
end
return {1, ARGV[3], f, ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], '1'}`;

/**
 * Returns the positions, from 0, of records that do not have the expected numbers. It is what almost all
 * checks do for almost all sessions, so it does no more: 1.9 µs a record, and 4.0 with the owner and the time
 * to live.
 *
 * KEYS: records. ARGV: for each record the number.
 */
export const COMPARE = `
local others = {}
for i = 1, #KEYS do
  if redis.call('HGET', KEYS[i], 'f') ~= ARGV[i] then table.insert(others, i - 1) end
end
return others`;

/**
 * Renews the records of an instance that have the expected numbers, and returns the positions of the others,
 * from 0.
 *
 * KEYS: index of the instance, records. ARGV: instance, time to live in ms, and for each record the number.
 */
export const RENEW = `
local others = {}
for i = 2, #KEYS do
  local r = redis.call('HMGET', KEYS[i], 'o', 'f')
  if r[1] == ARGV[1] and r[2] == ARGV[i + 1] then
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  else
    table.insert(others, i - 2)
  end
end
redis.call('PEXPIRE', KEYS[1], ${FORGET})
return others`;

/**
 * Compares sessions of an instance with their records, renews those that are its own, and writes those
 * that are absent or lower, but for marks of stops that came after the request. Returns the differences: position
 * from 0, `lost`, `stopped` or `won`, and the owner and the number that the record had.
 *
 * KEYS: index of the instance, records. ARGV: instance, time to live in ms, and for each record session
 * id, number, user, URL, crashes, time of the last crash, time of the request.
 */
export const CHECK = `
local found = {}
for i = 2, #KEYS do
  local at = i * 7 - 11
  local r = redis.call('HMGET', KEYS[i], 'o', 'f', 'v', 't')
  local owner, number, mine = r[1], tonumber(r[2] or 0), tonumber(ARGV[at + 1])
  local asked = tonumber(ARGV[at + 6])
  local how = owner and owner ~= ARGV[1] and 'won'
  if owner and (number > mine or number == mine and how) then
    how = 'lost'
  elseif owner == '' and asked > 0 and tonumber(r[4] or 0) > asked then
    how = 'stopped'
  elseif owner and number == mine then
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  elseif tonumber(r[3] or 1) == 1 then
    redis.call('HSET', KEYS[i], 'o', ARGV[1], 'f', ARGV[at + 1], 'u', ARGV[at + 2], 'w', ARGV[at + 3],
      'x', ARGV[at + 4], 'xt', ARGV[at + 5], 't', ARGV[at + 6], 'v', 1)
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
    redis.call('SADD', KEYS[1], ARGV[at])
  else
    how = nil
  end
  if how then table.insert(found, {i - 2, how, owner, r[2]}) end
end
redis.call('PEXPIRE', KEYS[1], ${FORGET})
return found`;
