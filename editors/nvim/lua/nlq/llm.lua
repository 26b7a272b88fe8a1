-- A language model of the user's own choice, lent to the server: a profile of nlq.yaml with `service: editor` is answered by the
-- function that `setup{ llm = ... }` names.

local M = {}

---@class nlq.llm.Call
---@field id string
---@field name string
---@field arguments table

---@class nlq.llm.Message
---@field role 'user'|'assistant'
---@field text string
---@field calls nlq.llm.Call[]? tools that the assistant called
---@field results { id: string, text: string, is_error: boolean }[]? what they gave

---@class nlq.llm.Request
---@field id string
---@field profile string of nlq.yaml
---@field model string? the wanted model
---@field system string
---@field messages nlq.llm.Message[]
---@field tools { name: string, description: string, parameters: table }[] `parameters` is a JSON Schema
---@field must_call string? the tool that must be called: its arguments are the reply
---@field temperature number?
---@field max_tokens integer

---@class nlq.llm.Reply
---@field text string?
---@field calls nlq.llm.Call[]?
---@field stop 'end'|'tool_use'|'length'|'refusal'?
---@field usage { input: integer, output: integer, cache_read: integer, cache_write: integer }? tokens
---@field model string? which model answered

---@class nlq.llm.Failure
---@field kind 'not_available'|'refused'|'rate_limited'|'context_length'|'cancelled'|'failed'
---@field message string

--- Answers a request: `on_delta(text)` with each piece of text as it comes, then `done` once with the whole reply (a text is
--- enough) or with what went wrong. Returns how to cancel; after that nothing is listened to.
---@alias nlq.llm.Provider fun(request: nlq.llm.Request, on_delta: fun(text: string), done: fun(reply: nlq.llm.Reply|string?, failure: nlq.llm.Failure|string?)): fun()?

---@type table<string, fun()> by the server's name of the request
local running = {}

--- vim.NIL stands for null in what the server sends; nil does for the user's function.
local function plain(value)
  if value == vim.NIL then
    return nil
  end
  return type(value) == 'table' and vim.tbl_map(plain, value) or value
end

---@param failure nlq.llm.Failure|string
local function response_error(failure)
  failure = type(failure) == 'table' and failure or { kind = 'failed', message = failure }
  local codes = vim.lsp.protocol.ErrorCodes
  local code = failure.kind == 'cancelled' and codes.RequestCancelled or codes.InternalError
  return vim.lsp.rpc_response_error(code, failure.message, { kind = failure.kind })
end

--- The handler of `nlq/llm/complete`. The editor runs it in a coroutine of its own and answers when that ends.
---@param params table
---@param client_id integer
function M.complete(params, client_id)
  local provider = require('nlq').options.llm
  if not provider then
    return nil, response_error({ kind = 'not_available', message = "Neovim lends no language model: see :help nlq-llm" })
  end
  local request = plain(params)
  local handler = coroutine.running()
  local waiting, ended, reply, failure = false, false, nil, nil

  local done = vim.schedule_wrap(function(given, wrong)
    if ended then
      return
    end
    ended, reply, failure = true, given, wrong
    running[request.id] = nil
    if waiting then
      coroutine.resume(handler)
    end
  end)
  local on_delta = vim.schedule_wrap(function(text)
    local client = vim.lsp.get_client_by_id(client_id)
    if client and not ended then
      client:notify('nlq/llm/delta', { id = request.id, text = text })
    end
  end)

  local ran, cancel = pcall(provider, request, on_delta, done)
  if not ran then
    return nil, response_error(tostring(cancel))
  end
  running[request.id] = function()
    if type(cancel) == 'function' then
      pcall(cancel)
    end
    done(nil, { kind = 'cancelled', message = 'cancelled' })
  end
  if not ended then
    waiting = true
    coroutine.yield()
  end
  if failure or reply == nil then
    return nil, response_error(failure or 'the language model said nothing')
  end
  reply = type(reply) == 'table' and reply or { text = reply }
  local calls = reply.calls or {}
  return {
    text = reply.text or '',
    calls = calls,
    stop = reply.stop or (#calls > 0 and 'tool_use' or 'end'),
    usage = reply.usage or vim.NIL,
    model = reply.model or 'neovim',
  }
end

--- The handler of `$/cancelRequest`: requests are called by the same name in both messages.
function M.cancel(params)
  local cancel = running[tostring(params.id)]
  if cancel then
    cancel()
  end
end

--- A request as one text, for models that are asked by a program.
---@param request nlq.llm.Request
---@return string
function M.prompt(request)
  local parts = { request.system }
  for _, message in ipairs(request.messages) do
    parts[#parts + 1] = (message.role == 'assistant' and 'You answered:\n' or '') .. message.text
    for _, call in ipairs(message.calls or {}) do
      parts[#parts + 1] = 'You answered:\n' .. vim.json.encode(call.arguments)
    end
    for _, result in ipairs(message.results or {}) do
      parts[#parts + 1] = result.text
    end
  end
  for _, tool in ipairs(request.tools) do
    if tool.name == request.must_call then
      parts[#parts + 1] = 'Answer with one JSON object and nothing else. Its JSON Schema is:\n' .. vim.json.encode(tool.parameters)
    end
  end
  return table.concat(parts, '\n\n')
end

--- A provider that asks a program: the prompt goes to its standard input, its standard output is the reply.
---@param command string[] such as { 'ollama', 'run', 'qwen2.5-coder' } or { 'llm', '-m', 'gpt-4o-mini' }
---@return nlq.llm.Provider
function M.command(command)
  return function(request, on_delta, done)
    local said, complaint = {}, ''
    local ran, process = pcall(vim.system, command, {
      stdin = M.prompt(request),
      text = true,
      stdout = function(_, text)
        if text then
          said[#said + 1] = text
          on_delta(text)
        end
      end,
      stderr = function(_, text)
        complaint = complaint .. (text or '')
      end,
    }, function(result)
      if result.code == 0 then
        done({ text = table.concat(said), model = table.concat(command, ' ') })
      else
        local why = vim.trim(complaint):match('[^\n]*$')
        done(nil, ('%s ended with %d: %s'):format(command[1], result.code, why))
      end
    end)
    if not ran then
      done(nil, { kind = 'not_available', message = ('%s does not start: %s'):format(command[1], process) })
      return
    end
    return function()
      process:kill('sigterm')
    end
  end
end

return M
