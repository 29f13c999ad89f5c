"""What terminals have Redis do in one go (Lua). `terminal_keys.TELL` is another."""

# Hands something to the machine; how much waits for it now. What nothing waits before is published
# along with the news.
PUT = """
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

# The word goes along with the news: the newer socket may have dropped it before the older reads it.
HOLD = """
redis.call('HSET', KEYS[1], 'holder', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
local said = redis.call('XADD', KEYS[2], '*', 'h', ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[4], said .. ' h ' .. ARGV[1])
return said
"""
GO_ON = """
local holder = redis.call('HGET', KEYS[1], 'holder')
if holder and holder ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'cols', ARGV[2], 'rows', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
