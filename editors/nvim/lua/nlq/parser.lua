-- The tree-sitter parsers of .nlq files and of SPL, compiled from the sources that stand beside this plugin.

local M = {}

--- Where a grammar's C sources are: grammars/<language> of the same checkout.
---@param language string
local function sources(language)
  local plugin = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))))
  return vim.fs.normalize(vim.fs.joinpath(plugin, '..', '..', 'grammars', language, 'src'))
end

--- Whether a parser can be loaded.
---@param language string
function M.has(language)
  return (vim.treesitter.language.add(language)) == true
end

--- Compiles one parser; false, and a message, when that fails.
---@param language string
---@param target string folder
local function compile(language, target)
  local folder = sources(language)
  if not vim.uv.fs_stat(vim.fs.joinpath(folder, 'parser.c')) then
    vim.notify('nlq: ' .. folder .. ' has no parser.c; install this plugin from a whole checkout of nlq.', vim.log.levels.ERROR)
    return false
  end
  local parser = vim.fs.joinpath(target, language .. '.so')
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
    vim.treesitter.language.add(language, { path = parser }) -- the folder may be too new to be searched
    return true
  end
  vim.notify('nlq: the parser could not be compiled: ' .. (ran and result.stderr or tostring(result)), vim.log.levels.ERROR)
  return false
end

--- Compiles the parsers into the user's data folder, where Neovim finds them.
function M.install()
  local target = vim.fs.joinpath(vim.fn.stdpath('data'), 'site', 'parser')
  vim.fn.mkdir(target, 'p')
  if compile('nlq', target) and compile('spl', target) then
    vim.notify('nlq: the parsers are installed; open .nlq and .spl files anew.')
  end
end

return M
