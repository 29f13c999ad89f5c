"""Lua scripts for terminals: atomic operations in Redis. Another one:
`terminal_keys.APPEND_NOTE`.
"""

# Adds input to an input stream; returns the number of entries that wait there now. The value is
# included in the message if no other entry waits before it.
ADD_INPUT = """
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 1000, '*', ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
local waiting = redis.call('XLEN', KEYS[1])
local news = ''
if waiting == 1 and #ARGV[2] <= tonumber(ARGV[5]) then
  news = id .. ' ' .. ARGV[1] .. ' ' .. ARGV[2]
end
redis.call('PUBLISH', ARGV[4], news)
return waiting
"""

# Makes a socket the attempt's owner, and tells the others; returns the ID of that entry. The
# message includes it: the newer socket may have dropped the entry before the older one reads it.
CLAIM = """
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
local said = redis.call('XADD', KEYS[2], '*', 'h', ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[4], said .. ' h ' .. ARGV[1])
return said
"""
# Renews a socket's claim, with the terminal's size; returns 0, without a change, if another socket
# has it.
RENEW_CLAIM = """
local holder = redis.call('HGET', KEYS[1], 'owner')
if holder and holder ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'cols', ARGV[2], 'rows', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
