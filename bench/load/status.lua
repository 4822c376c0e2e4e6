-- Status polls for wrk that are answered at once: wrk … -s status.lua URL -- SERVER FIRST COUNT
--
-- SERVER is `kaunta`, which is asked as the page asks for what is newer than a version that it has passed, or `peer`.
-- The sessions are COUNT from FIRST on, drawn at random.

-- The first 25 letters of the name of every seeded session; ../src/wire.rs has a test that they are right.
local NAMES = "cs_01kajbch80000000000000"
local DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"

local server, first, count

function init(args)
  server = args[1]
  first, count = tonumber(args[2]), tonumber(args[3])
  math.randomseed(20261121)
end

local function digit(row, place)
  local at = math.floor(row / place) % 32 + 1
  return DIGITS:sub(at, at)
end

function request()
  local row = first + math.random(0, count - 1)
  if server == "kaunta" then
    local session = NAMES .. digit(row, 32768) .. digit(row, 1024) .. digit(row, 32) .. digit(row, 1)
    return wrk.format("GET", "/ui/status?session=" .. session .. "&seen=0")
  end
  return wrk.format("GET", string.format("/status/order-%d", row))
end

local figures = require("figures")
done = figures.report
