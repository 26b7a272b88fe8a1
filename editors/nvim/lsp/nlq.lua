-- The language server, for `vim.lsp.enable('nlq')`.

---@type vim.lsp.Config
return {
  cmd = { 'nlq', 'lsp' },
  filetypes = {
    'nlq', 'sql', 'spl', 'mysql', 'plsql', 'python', 'rust', 'javascript', 'javascriptreact', 'typescript', 'typescriptreact', 'go',
    'java', 'cs', 'ruby', 'php', 'sh', 'bash', 'lua', 'c', 'cpp', 'yaml',
  },
  -- The nearest nlq.yaml above the file, else the repository. A file outside both is served on its own.
  root_markers = { 'nlq.yaml', '.git' },
  get_language_id = function(_, filetype)
    local other = { cs = 'csharp', sh = 'shellscript', bash = 'shellscript', mysql = 'sql', plsql = 'sql' }
    return other[filetype] or filetype
  end,
  handlers = {
    ['nlq/status'] = function(_, status, context)
      require('nlq.status').update(status, context.client_id)
    end,
    ['nlq/llm/complete'] = function(_, params, context)
      return require('nlq.llm').complete(params, context.client_id)
    end,
    ['$/cancelRequest'] = function(_, params)
      require('nlq.llm').cancel(params)
    end,
  },
  before_init = function(params)
    if require('nlq').options.llm then
      params.initializationOptions = vim.tbl_extend('keep', { llm = true }, params.initializationOptions or {})
    end
  end,
  -- Code lenses and actions that name these commands come here, so that their answers are shown.
  commands = require('nlq.commands').handlers,
}
