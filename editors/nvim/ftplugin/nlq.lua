vim.bo.commentstring = '<!-- %s -->'
vim.wo.wrap = true
vim.wo.linebreak = true

-- Tree-sitter highlights when it can do the answers too; the Vim syntax does otherwise.
local has = require('nlq.parser').has
if has('nlq') and has('sql') then
  vim.treesitter.start(0, 'nlq')
end

vim.b.undo_ftplugin = (vim.b.undo_ftplugin and vim.b.undo_ftplugin .. ' | ' or '')
  .. 'setlocal commentstring< wrap< linebreak< | lua pcall(vim.treesitter.stop)'
