-- STK callbacks for wrk, each of another prompt: wrk … -s callbacks.lua URL -- SERVER FROM TO
--
-- SERVER is `kaunta`, where each prompt has its own secret address, or `peer`, where all have one. What is posted is
-- the same, and the same as in ../src/wire.rs. When the rows FROM up to TO are used up, the last is posted again and
-- again; the driver sees that by the number of requests.

local server, next_row, last_row

function init(args)
  server = args[1]
  next_row, last_row = tonumber(args[2]), tonumber(args[3]) - 1
  wrk.headers["Content-Type"] = "application/json"
end

local BODY = '{"Body":{"stkCallback":{"MerchantRequestID":"29115-%08d-1","CheckoutRequestID":"ws_CO_21112026%010d",'
  .. '"ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":['
  .. '{"Name":"Amount","Value":%d.00},{"Name":"MpesaReceiptNumber","Value":"UKL5%06d"},'
  .. '{"Name":"TransactionDate","Value":20261121101500},{"Name":"PhoneNumber","Value":2547%08d}]}}}}'

function request()
  local row = next_row
  if row < last_row then
    next_row = row + 1
  end
  local path = "/rail/stk"
  if server == "kaunta" then
    path = string.format("/rail/stk/benchstk%024d", row)
  end
  return wrk.format("POST", path, nil, string.format(BODY, row, row, 10 + row % 5000, row, row))
end

local figures = require("figures")
done = figures.report
