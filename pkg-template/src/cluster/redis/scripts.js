/**
 * Lua scripts of the store. Each is one atomic step, sent with `EVAL`: the texts are short, and a cache of
 * scripts is lost at each failover. All keys of a script have the same hash tag. Replies are arrays of
 * strings, which are the same with RESP 2 and 3.
 *
 * A record is a hash: `o` owner, `f` number, `u` user, `w` URL, `x` crashes, `xt` time of the
 * last, `t` time of the request, and `v` version of the format. A record of a newer version is never overwritten.
 *
 * The index of an instance is a hash of session ids and numbers. Each script that writes a record changes the
 * indexes of the owner before and after it too, so that an entry is never there without a record of that
 * instance with that number, unless Redis has evicted it. Since scripts name all their keys, one that finds an owner
 * whose index it was not given writes nothing and asks for it.
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
export const OWNED = "return redis.call('HKEYS', KEYS[1])";

/**
 * Replaces or removes a record if it is as expected; returns 1 or 0, and the fields of the record as it is
 * now. With `lower` it returns 2, and the owner, where that is another one than the expected one.
 *
 * KEYS: record, index of the expected owner, index of the new owner. ARGV: expected owner, expected number
 * or `lower`, new owner or `-` to remove the record, number for `lower`, time to live in ms, session id,
 * user, URL, crashes, time of the last crash, time of the request.
 */
export const PUT = `
local old, condition, new, f, ttl, id, u, w, x, xt, t = unpack(ARGV)
local call, lower = redis.call, condition == 'lower'
local r = call('HMGET', KEYS[1], 'o', 'f', 'u', 'w', 'x', 'xt', 't', 'v')
local owner, number = r[1] or '', tonumber(r[2] or 0)
local matches = lower and number < tonumber(f)
if not lower then matches = owner == old and number == tonumber(condition) end
if not matches or tonumber(r[8] or 1) > 1 then return {0, unpack(r)} end
if owner ~= '' and owner ~= old then return {2, owner} end
call('HDEL', KEYS[2], id)
if new == '-' then
  call('DEL', KEYS[1])
  return {1}
end
if not lower then
  local time = call('TIME')
  f = string.format('%.0f', math.max(number + 1, time[1] * 1000000 + time[2]))
end
call('HSET', KEYS[1], 'o', new, 'f', f, 'u', u, 'w', w, 'x', x, 'xt', xt, 't', t, 'v', 1)
call('PEXPIRE', KEYS[1], ttl)
if new ~= '' then
  call('HSET', KEYS[3], id, f)
  call('PEXPIRE', KEYS[3], ${FORGET})
end
return {1, new, f, u, w, x, xt, t, '1'}`;

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
 * from 0, `lost`, `stopped` or `won`, and the owner and the number that the record had. `other` is a
 * lower record of another owner than the expected one, and is left.
 *
 * KEYS: index of the instance, and for each record the record and the index of its expected owner. ARGV:
 * instance, time to live in ms, and for each record session id, expected owner, number, user, URL, crashes,
 * time of the last crash, time of the request.
 */
export const CHECK = `
local me, call, out = ARGV[1], redis.call, {}
for i = 2, #KEYS, 2 do
  local id, old, f, u, w, x, xt, t = unpack(ARGV, i * 4 - 5, i * 4 + 2)
  local r = call('HMGET', KEYS[i], 'o', 'f', 'v', 't')
  local owner, n, mine = r[1], tonumber(r[2] or 0), tonumber(f)
  local how = owner and owner ~= me and 'won'
  if owner and (n > mine or n == mine and how) then
    how = 'lost'
  elseif owner == '' and tonumber(t) > 0 and tonumber(r[4] or 0) > tonumber(t) then
    how = 'stopped'
  elseif n < mine and tonumber(r[3] or 1) > 1 then
    how = nil
  elseif how and owner ~= '' and owner ~= old then
    how = 'other'
  else
    if not owner or n < mine then
      call('HDEL', KEYS[i + 1], id)
      call('HSET', KEYS[i], 'o', me, 'f', f, 'u', u, 'w', w, 'x', x, 'xt', xt, 't', t, 'v', 1)
    end
    call('HSET', KEYS[1], id, f)
    call('PEXPIRE', KEYS[i], ARGV[2])
  end
  if how then out[#out + 1] = {i / 2 - 1, how, owner, r[2]} end
end
call('PEXPIRE', KEYS[1], ${FORGET})
return out`;
