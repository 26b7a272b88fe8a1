-- nlq for Neovim. `vim.lsp.enable('nlq')` is all that is needed; `setup` is for those who want other settings.

local M = {}

---@class nlq.Options
---@field cmd string[]? the server's command line; { 'nlq', 'lsp' }
---@field settings table? what the server reads, as { diagnostics = { allStatements = true } }
---@field codelens boolean? show code lenses in buffers that nlq serves; true
---@field inlay_hints boolean? show inlay hints in .nlq buffers; true
---@field llm nlq.llm.Provider? answers profiles of nlq.yaml with `service: editor`

---@type nlq.Options
M.options = { codelens = true, inlay_hints = true }

--- Changes settings and enables the server.
---@param options nlq.Options?
function M.setup(options)
  M.options = vim.tbl_extend('force', M.options, options or {})
  local config = {}
  if M.options.cmd then
    config.cmd = M.options.cmd
  end
  if M.options.settings then
    config.settings = { nlq = M.options.settings }
  end
  vim.lsp.config('nlq', config)
  vim.lsp.enable('nlq')
end

--- For a status line: `nlq: shop/dev`.
function M.status()
  return require('nlq.status').line()
end

--- What nlq adds to a buffer that its server serves.
---@param client vim.lsp.Client
---@param buffer integer
function M.attached(client, buffer)
  if M.options.codelens and client:supports_method('textDocument/codeLens') then
    M._codelens(buffer)
  end
  if M.options.inlay_hints and vim.bo[buffer].filetype == 'nlq' then
    vim.lsp.inlay_hint.enable(true, { bufnr = buffer })
  end
end

function M._codelens(buffer)
  if vim.lsp.codelens.enable then -- from 0.12 the editor refreshes them itself
    vim.lsp.codelens.enable(true, { bufnr = buffer })
    return
  end
  local refresh = function()
    if #vim.lsp.get_clients({ name = 'nlq', bufnr = buffer }) > 0 then
      vim.lsp.codelens.refresh({ bufnr = buffer })
    end
  end
  vim.api.nvim_create_autocmd({ 'BufEnter', 'InsertLeave', 'TextChanged' }, {
    group = vim.api.nvim_create_augroup('nlq.codelens.' .. buffer, {}),
    buffer = buffer,
    callback = refresh,
  })
  refresh()
end

return M
