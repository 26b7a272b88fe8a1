-- :checkhealth nlq

local M = {}

function M.check()
  local health = vim.health
  health.start('nlq')

  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.11 or newer is needed', 'Or start the server by hand with vim.lsp.start, see :help nlq-old')
    return
  end

  local config = vim.lsp.config.nlq
  local program = config and type(config.cmd) == 'table' and config.cmd[1] or 'nlq'
  if vim.fn.executable(program) == 1 then
    local ran = vim.system({ program, '--version' }, { text = true }):wait()
    health.ok(vim.trim(ran.stdout or '') .. ' at ' .. vim.fn.exepath(program))
  else
    health.error(program .. ' is not on PATH', "Install nlq, or name it: require('nlq').setup({ cmd = { '/path/to/nlq', 'lsp' } })")
  end

  if vim.lsp.is_enabled and not vim.lsp.is_enabled('nlq') then
    health.warn('the server is not enabled', "Add vim.lsp.enable('nlq') to your configuration")
  end

  local clients = vim.lsp.get_clients({ name = 'nlq' })
  if #clients == 0 then
    health.info('no server runs; open a .nlq, .sql or source file')
  end
  for _, client in ipairs(clients) do
    health.ok('a server runs for ' .. (client.root_dir or 'single files'))
  end
  local root = vim.fs.root(0, 'nlq.yaml')
  if root then
    health.ok('nlq.yaml in ' .. root)
  else
    health.info('no nlq.yaml above the current buffer; `nlq init` writes one')
  end

  local has = require('nlq.parser').has
  if has('nlq') and has('sql') then
    health.ok('tree-sitter highlights .nlq files')
  elseif has('nlq') then
    health.info('Vim syntax highlights .nlq files, for want of the tree-sitter parser sql')
  else
    health.info('Vim syntax highlights .nlq files; :NlqInstallParser compiles the tree-sitter parser')
  end
end

return M
