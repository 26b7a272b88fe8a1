-- The tree-sitter parser of .nlq files, compiled from the sources that stand beside this plugin.

local M = {}

--- Where the grammar's C sources are: grammars/nlq of the same checkout.
local function sources()
  local plugin = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))))
  return vim.fs.normalize(vim.fs.joinpath(plugin, '..', '..', 'grammars', 'nlq', 'src'))
end

--- Whether a parser can be loaded.
---@param language string
function M.has(language)
  return (vim.treesitter.language.add(language)) == true
end

--- Compiles the parser into the user's data folder, where Neovim finds it.
function M.install()
  local folder = sources()
  if not vim.uv.fs_stat(vim.fs.joinpath(folder, 'parser.c')) then
    vim.notify('nlq: ' .. folder .. ' has no parser.c; install this plugin from a whole checkout of nlq.', vim.log.levels.ERROR)
    return
  end
  local target = vim.fs.joinpath(vim.fn.stdpath('data'), 'site', 'parser')
  vim.fn.mkdir(target, 'p')
  local parser = vim.fs.joinpath(target, 'nlq.so')
  local command = { vim.env.CC or 'cc', '-O2', '-shared', '-fPIC', '-I', folder, '-o', parser }
  for _, name in ipairs({ 'parser.c', 'scanner.c' }) do
    local file = vim.fs.joinpath(folder, name)
    if vim.uv.fs_stat(file) then
      command[#command + 1] = file
    end
  end
  local ran, result = pcall(function()
    return vim.system(command, { text = true }):wait()
  end)
  if ran and result.code == 0 then
    vim.treesitter.language.add('nlq', { path = parser }) -- the folder may be too new to be searched
    vim.notify('nlq: the parser is installed; open .nlq files anew.')
  else
    vim.notify('nlq: the parser could not be compiled: ' .. (ran and result.stderr or tostring(result)), vim.log.levels.ERROR)
  end
end

return M
