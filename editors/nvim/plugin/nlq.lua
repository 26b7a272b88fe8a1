if vim.g.loaded_nlq then
  return
end
vim.g.loaded_nlq = true

vim.filetype.add({ extension = { nlq = 'nlq', spl = 'spl' } })

local function at_cursor(name)
  return function(args)
    require('nlq.commands').run(name, args.args)
  end
end

for command, spec in pairs({
  NlqGenerate = { 'generate', 'Write the query that answers the prompt at the cursor' },
  NlqRun = { 'run', 'Run the query at the cursor and show its rows' },
  NlqExplainPlan = { 'explainPlan', "Show the database's plan of the query at the cursor" },
  NlqReasoning = { 'showReasoning', 'Show how the prompt at the cursor was understood' },
  NlqRefreshSchema = { 'refreshSchema', 'Read the schema of the connection again' },
  NlqTestConnection = { 'testConnection', 'Try to connect' },
}) do
  vim.api.nvim_create_user_command(command, at_cursor(spec[1]), { nargs = '?', desc = spec[2] .. ' [connection]' })
end

vim.api.nvim_create_user_command('NlqTrust', at_cursor('trust'), { desc = 'Let nlq connect to what nlq.yaml names' })

vim.api.nvim_create_user_command('NlqCancel', function()
  require('nlq.commands').cancel()
end, { desc = 'Stop what the commands of nlq are doing' })

vim.api.nvim_create_user_command('NlqInfo', function()
  local status = require('nlq.status').get()
  if not status then
    vim.notify('nlq: nothing is known of this buffer; :checkhealth nlq says more.')
    return
  end
  local dialect = status.dialect and ' (' .. status.dialect .. ')' or ''
  local message = status.message ~= '' and ': ' .. status.message or ''
  vim.notify(('nlq: %s%s, %s%s'):format(status.connection or 'no connection', dialect, status.state, message))
end, { desc = 'Say which connection answers, and how it stands' })

vim.api.nvim_create_user_command('NlqInstallParser', function()
  require('nlq.parser').install()
end, { desc = 'Compile the tree-sitter parsers of .nlq files and of SPL' })

-- How the words of a prompt look: one group a kind, which everybody may link elsewhere. The server's modifiers tell them from
-- the tokens of code.
for group, spec in pairs({
  NlqTable = { '@lsp.typemod.class.resolved', 'Function' },
  NlqColumn = { '@lsp.typemod.property.resolved', 'Identifier' },
  NlqValue = { '@lsp.typemod.string.resolved', 'String' },
  NlqNumber = { '@lsp.typemod.number.resolved', 'Constant' },
  NlqTime = { '@lsp.typemod.event.resolved', 'Constant' },
  NlqTerm = { '@lsp.typemod.type.resolved', 'Special' },
  NlqOperation = { '@lsp.typemod.operator.resolved', 'Operator' },
  NlqUnresolved = { '@lsp.mod.unresolved', 'DiagnosticUnderlineHint' },
}) do
  vim.api.nvim_set_hl(0, spec[1], { link = group, default = true })
  vim.api.nvim_set_hl(0, group, { link = spec[2], default = true })
end

vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('nlq', {}),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'nlq' then
      require('nlq').attached(client, event.buf)
    end
  end,
})
