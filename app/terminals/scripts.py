"""Lua scripts of the terminals: what Redis has to do in one step. Another: `terminal_keys.TELL`."""

# Adds a keystroke or a wish to an input stream; the answer is how many entries wait there now. The
# value is published along with the news if no other entry waits before it.
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

# Makes a socket the attempt's holder, and tells the others; the answer is the id of that entry.
# It goes along with the news: the newer socket may have dropped it before the older one reads it.
CLAIM = """
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
local said = redis.call('XADD', KEYS[2], '*', 'h', ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[4], said .. ' h ' .. ARGV[1])
return said
"""
# Renews a socket's hold, with the terminal's size; 0, and nothing done, if another socket holds it.
RENEW_CLAIM = """
local holder = redis.call('HGET', KEYS[1], 'owner')
if holder and holder ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'cols', ARGV[2], 'rows', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
