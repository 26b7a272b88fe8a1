-- What a user's own init.lua would hold.
local plugin = vim.fs.normalize(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2)) .. '/../../../editors/nvim')
vim.opt.runtimepath:prepend(plugin)
vim.cmd('filetype plugin indent on')
vim.cmd('syntax on')
vim.cmd('runtime! plugin/nlq.lua')
vim.diagnostic.config({ virtual_text = true })
require('nlq').setup({ cmd = { vim.env.NLQ_BIN, 'lsp' } })
