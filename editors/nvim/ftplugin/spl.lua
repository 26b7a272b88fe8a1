vim.bo.commentstring = '``` %s ```'

-- Tree-sitter highlights where its parser is installed (:NlqInstallParser); the Vim syntax does otherwise.
if require('nlq.parser').has('spl') then
  vim.treesitter.start(0, 'spl')
end

vim.b.undo_ftplugin = (vim.b.undo_ftplugin and vim.b.undo_ftplugin .. ' | ' or '')
  .. 'setlocal commentstring< | lua pcall(vim.treesitter.stop)'
