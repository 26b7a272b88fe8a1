-- How each workspace's connection stands, as the server last told it.

local M = {}

---@class nlq.Status
---@field connection string?
---@field dialect string?
---@field state 'idle'|'connecting'|'ready'|'failed'|'untrusted'|'no-config'|'no-schema'
---@field message string
---@field root string the folder of nlq.yaml, empty without one

---@type table<integer, table<string, nlq.Status>> by client and root
local by_client = {}

local function text(value)
  return type(value) == 'string' and value or nil
end

--- Keeps a status; tells the user what needs doing, once per change.
---@param status table as it came from the server, with vim.NIL for null
---@param client_id integer
function M.update(status, client_id)
  local roots = by_client[client_id] or {}
  by_client[client_id] = roots
  local root = text(status.root) or ''
  local before = roots[root]
  local now = {
    connection = text(status.connection),
    dialect = text(status.dialect),
    state = status.state,
    message = text(status.message) or '',
    root = root,
  }
  roots[root] = now
  vim.api.nvim_exec_autocmds('User', { pattern = 'NlqStatus', modeline = false, data = now })
  if before and before.state == now.state and before.message == now.message then
    return
  end
  if now.state == 'untrusted' then
    vim.notify('nlq: this workspace is not trusted yet, so nothing is connected to; :NlqTrust accepts its nlq.yaml.')
  elseif now.state == 'failed' then
    vim.notify('nlq: ' .. (now.connection or 'connection') .. ': ' .. now.message, vim.log.levels.WARN)
  end
end

--- The status of a buffer's workspace, nil when the server said nothing of it.
---@param buffer integer? the current one when nil
---@return nlq.Status?
function M.get(buffer)
  buffer = buffer or vim.api.nvim_get_current_buf()
  for _, client in ipairs(vim.lsp.get_clients({ name = 'nlq', bufnr = buffer })) do
    local roots = by_client[client.id] or {}
    local file = vim.api.nvim_buf_get_name(buffer)
    local best
    for root, status in pairs(roots) do
      if vim.startswith(file, root) and (not best or #root > #best.root) then
        best = status
      end
    end
    if best then
      return best
    end
  end
end

--- A few words for a status line: `nlq: shop/dev`, or what is in the way; empty where nlq is not at work.
---@return string
function M.line()
  local status = M.get()
  if not status then
    return ''
  end
  local words = {
    connecting = 'connecting',
    failed = 'connection failed',
    untrusted = 'not trusted',
    ['no-config'] = 'no nlq.yaml',
    ['no-schema'] = 'no schema',
  }
  local word = words[status.state]
  if not status.connection then
    return 'nlq: ' .. (word or status.state)
  end
  return 'nlq: ' .. status.connection .. (word and ' (' .. word .. ')' or '')
end

return M
