-- The server's commands: how they are sent, and how their answers are shown.

local M = {}

--- Shows the answer of each command that has one; `nlq.generate` answers by an edit.
local show = {
  ['nlq.run'] = function(answer)
    require('nlq.view').rows(answer)
  end,
  ['nlq.explainPlan'] = function(answer)
    local text = vim.trim(answer.plan) .. '\n\n' .. vim.trim(answer.sql)
    require('nlq.view').text('plan on ' .. answer.connection, text, '')
  end,
  ['nlq.showReasoning'] = function(answer)
    require('nlq.view').text(answer.title, answer.markdown, 'markdown')
  end,
  ['nlq.refreshSchema'] = function(answer)
    local what = answer.changed and 'the schema changed' or 'the schema is as it was'
    vim.notify(('nlq: %s has %d tables; %s.'):format(answer.connection, answer.tables, what))
  end,
  ['nlq.testConnection'] = function(answer)
    local message = type(answer.message) == 'string' and answer.message or ''
    message = message ~= '' and message or (answer.ok and 'connected' or 'failed')
    vim.notify(('nlq: %s: %s'):format(answer.connection, message), answer.ok and vim.log.levels.INFO or vim.log.levels.ERROR)
  end,
  ['nlq.trust'] = function(answer)
    if answer.trusted then
      vim.notify('nlq: the workspace is trusted.')
    end
  end,
}

local told = { -32803, -32800, -32802 } -- RequestFailed, RequestCancelled, ServerCancelled

--- What is under way: client by request.
---@type table<integer, vim.lsp.Client>
local running = {}

---@param client vim.lsp.Client
---@param buffer integer
---@param command string
---@param arguments table[]
local function send(client, buffer, command, arguments)
  local sent, request
  sent, request = client:request('workspace/executeCommand', { command = command, arguments = arguments }, function(failure, answer)
    if request then
      running[request] = nil
    end
    if failure then
      -- The server tells of its own failures by window/showMessage, and a cancel is the user's.
      if vim.tbl_contains(told, failure.code) then
        return
      end
      vim.notify('nlq: ' .. failure.message, vim.log.levels.ERROR)
    elseif type(answer) == 'table' and show[command] then
      show[command](answer)
    end
  end, buffer)
  if sent and request then
    running[request] = client
  end
end

--- Cancels every command that is under way.
function M.cancel()
  for request, client in pairs(running) do
    client:cancel_request(request)
    running[request] = nil
  end
end

--- For `vim.lsp.Config.commands`: what a code lens or a code action asks for.
---@type table<string, fun(command: lsp.Command, context: table)>
M.handlers = {}
for _, name in ipairs({ 'generate', 'run', 'explainPlan', 'showReasoning', 'refreshSchema', 'testConnection', 'trust' }) do
  M.handlers['nlq.' .. name] = function(command, context)
    local client = vim.lsp.get_client_by_id(context.client_id)
    if client then
      send(client, context.bufnr or 0, command.command, command.arguments or {})
    end
  end
end

--- Runs a command of the server for the current buffer, at the cursor.
---@param name string without `nlq.`
---@param connection string? `provider/connection`; the prompt's own when nil or empty
function M.run(name, connection)
  local buffer = vim.api.nvim_get_current_buf()
  local client = vim.lsp.get_clients({ name = 'nlq', bufnr = buffer })[1]
  if not client then
    vim.notify('nlq: no server serves this buffer; :checkhealth nlq says why.', vim.log.levels.ERROR)
    return
  end
  local place = vim.lsp.util.make_position_params(0, client.offset_encoding)
  send(client, buffer, 'nlq.' .. name, {
    {
      uri = place.textDocument.uri,
      position = place.position,
      connection = connection ~= '' and connection or nil,
    },
  })
end

return M
