-- The scenarios that a user of Neovim meets, in real Neovim. Prints a line a test and ends with 1 when one fails.

local harness = dofile(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2)) .. '/harness.lua')
local wait, equal, lines, cursor_on = harness.wait, harness.equal, harness.lines, harness.cursor_on
local open, pick, float, test = harness.open, harness.pick, harness.float, harness.test

--- The syntax group of the first character of a text.
local function group(text)
  cursor_on(text)
  local position = vim.api.nvim_win_get_cursor(0)
  return vim.fn.synIDattr(vim.fn.synID(position[1], position[2] + 1, true), 'name')
end

test('nothing is connected to before the workspace is trusted', function()
  open('try.sql')
  wait(function() return require('nlq.status').get().state == 'untrusted' end, 'the status says untrusted')
  equal(require('nlq').status(), 'nlq: shop/dev (not trusted)', 'the status line')
  vim.cmd.NlqTrust()
  wait(function() return require('nlq.status').get().state ~= 'untrusted' end, 'the status says trusted')
end)

test('a question in a comment becomes a query below it', function()
  open('try.sql')
  cursor_on('number of customers')
  pick('Generate')
  wait(function() return lines()[2]:find('^SELECT') ~= nil end, 'the query stands there')
  equal(lines()[1], '-- nlq: number of customers per country', 'the question')
  equal(vim.iter(lines()):any(function(line) return line:find('GROUP BY', 1, true) ~= nil end), true, 'it groups')
  vim.wait(1000)
  equal(vim.diagnostic.get(0, { severity = { min = vim.diagnostic.severity.WARN } }), {}, 'diagnostics of the generated query')
end)

test(':NlqGenerate writes the query of the prompt at the cursor', function()
  open('try.sql')
  cursor_on('number of customers')
  vim.cmd.NlqGenerate()
  wait(function() return lines()[2]:find('^SELECT') ~= nil end, 'the query stands there')
end)

test('a renamed column is underlined and mended by a fix', function()
  open('try.sql')
  local before = lines()
  local number = cursor_on('total_amount')
  vim.api.nvim_set_current_line((vim.api.nvim_get_current_line():gsub('total_amount', 'total_amont')))
  local function errors()
    return vim.diagnostic.get(0, { severity = vim.diagnostic.severity.ERROR })
  end
  wait(function() return #errors() > 0 end, 'there is an error')
  local found = errors()[1]
  equal({ found.lnum, found.col }, { number - 1, vim.api.nvim_get_current_line():find('total_amont') - 1 }, 'its place')
  equal(found.message:find('total_amount', 1, true) ~= nil, true, 'did you mean: ' .. found.message)
  cursor_on('total_amont', 2)
  pick('total_amount')
  wait(function() return vim.deep_equal(lines(), before) end, 'the text is as it was')
  wait(function() return #errors() == 0 end, 'the error is gone')
end)

test('a hover on a column shows what the team wrote about it', function()
  open('try.sql')
  cursor_on('status', 2)
  wait(function()
    vim.lsp.buf.hover()
    return vim.wait(1000, function() return float() ~= nil end) and float():find('How far the order is', 1, true) ~= nil
  end, 'the annotation is shown')
end)

test('links show in a question as it is typed', function()
  open('ask.sql')
  vim.api.nvim_buf_set_lines(0, 0, 1, false, { lines()[1] .. ' per country in 2024 for wombats' })
  --- The token of a word: `class.resolved`, nil when it has none.
  local function token(word)
    local at = lines()[1]:find(word, 1, true) - 1
    local found = (vim.lsp.semantic_tokens.get_at_pos(0, 0, at) or {})[1]
    return found and found.type .. '.' .. table.concat(vim.tbl_keys(found.modifiers), '.')
  end
  wait(function() return token('wombats') == 'comment.unresolved' end, 'the unknown word is marked')
  local expected = {
    delivered = { 'string.resolved', 'NlqValue' },
    orders = { 'class.resolved', 'NlqTable' },
    per = { 'operator.resolved', 'NlqOperation' },
    country = { 'property.resolved', 'NlqColumn' },
    ['2024'] = { 'event.resolved', 'NlqTime' },
  }
  for word, look in pairs(expected) do
    equal(token(word), look[1], word)
    equal(vim.api.nvim_get_hl(0, { name = '@lsp.typemod.' .. look[1] }).link, look[2], 'the group of ' .. word)
  end
  equal(vim.api.nvim_get_hl(0, { name = '@lsp.mod.unresolved' }).link, 'NlqUnresolved', 'the group of what is not known')
  equal(token('for'), nil, 'a word that only connects')
end)

test('a hover on a word of a question says what it stands for', function()
  open('ask.sql')
  cursor_on('orders', 2)
  wait(function()
    vim.lsp.buf.hover()
    return vim.wait(1000, function() return float() ~= nil end) and float():find('read as a table', 1, true) ~= nil
  end, 'the table is told')
  equal(float():find('It may also stand for', 1, true) ~= nil, true, 'other meanings: ' .. float())
end)

test('a question back offers its options, and picking one pins it', function()
  open('ask.sql')
  local number = cursor_on('amount in 2024')
  wait(function()
    return #vim.diagnostic.get(0, { lnum = number - 1 }) > 0
  end, 'nlq asks')
  equal(vim.diagnostic.get(0, { lnum = number - 1 })[1].code, 'clarification', 'what the diagnostic is')
  local offered = pick('I mean orders.placed_at')
  wait(function() return lines()[number + 2]:find('^SELECT') ~= nil end, 'the query stands there')
  equal(lines()[number + 1], '-- nlq-reply: orders.placed_at', 'the reply')
  equal(#vim.tbl_filter(function(title) return title:find('^I mean ') ~= nil end, offered) >= 2, true, vim.inspect(offered))
  local text = table.concat(lines(), '\n')
  equal(text:find("placed_at >= '2024-01-01'", 1, true) ~= nil, true, text)
  -- Asked again, nlq keeps to the reply.
  cursor_on('amount in 2024')
  pick('Regenerate')
  vim.wait(2000)
  equal(table.concat(lines(), '\n'), text, 'after asking again')
end)

test('a refused question says why and what can be asked instead', function()
  open('ask.sql')
  local number = cursor_on('unicorns')
  wait(function() return #vim.diagnostic.get(0, { lnum = number - 1 }) > 0 end, 'nlq declines')
  local said = vim.diagnostic.get(0, { lnum = number - 1 })[1]
  equal(said.severity, vim.diagnostic.severity.WARN, said.message)
  equal(vim.list_contains({ 'unknown-entity', 'unmappable-concept' }, said.code), true, said.code)
  equal(said.message:find('business term', 1, true) ~= nil or said.message:find('Ask about', 1, true) ~= nil, true, said.message)
end)

test('a .nlq file is highlighted with its answers', function()
  open('questions.nlq')
  equal(vim.bo.filetype, 'nlq', 'filetype')
  equal(group('SELECT'):find('^sql') ~= nil, true, 'SELECT is SQL: ' .. group('SELECT'))
  equal(group('# Revenue'), 'nlqHeading', 'heading')
  equal(group('connection'):find('^yaml') ~= nil, true, 'front matter is YAML: ' .. group('connection'))
end)

test('a query runs and its rows stand below it', function()
  open('try.sql')
  cursor_on('SELECT id')
  vim.cmd.NlqRun()
  wait(function() return vim.fn.bufwinid('nlq://rows') ~= -1 end, 'the rows are shown')
  local rows = vim.api.nvim_buf_get_lines(vim.fn.bufnr('nlq://rows'), 0, -1, false)
  equal(rows[1]:find('^%d+ rows from shop/dev in %d+ ms') ~= nil, true, rows[1])
  equal(vim.split(vim.trim(rows[2]), '%s*│%s*'), { 'id', 'status', 'total_amount' }, 'columns')
  equal(rows[4]:find('cancelled', 1, true) ~= nil, true, rows[4])
end)

test('plan and reasoning are shown', function()
  open('try.sql')
  cursor_on('SELECT id')
  vim.cmd.NlqExplainPlan()
  wait(function() return vim.fn.bufwinid('nlq://plan on shop/dev') ~= -1 end, 'the plan is shown')
  vim.cmd.NlqReasoning()
  wait(function()
    return vim.iter(vim.api.nvim_list_bufs()):any(function(buffer) return vim.bo[buffer].filetype == 'markdown' end)
  end, 'the reasoning is shown')
end)

test('a question in Python becomes a string below it', function()
  open('report.py')
  local number = cursor_on('how many orders were cancelled')
  pick('Generate')
  wait(function() return lines()[number + 1]:find('^    [%w_]+ = """') ~= nil end, 'the string stands there')
end)

test('code lenses are shown', function()
  open('try.sql')
  wait(function() return #vim.lsp.codelens.get(0) > 0 end, 'there are lenses')
end)

test('rows are aligned, NULL is told from text, and CSV is quoted', function()
  local view = require('nlq.view')
  local answer = {
    columns = { { name = 'name' }, { name = 'n' } },
    rows = { { 'Zoë "Z"', 1 }, { '日本', 1234 }, { vim.NIL, 5 }, { 'two\nlines', vim.NIL } },
  }
  local text, nulls = view.table(answer)
  equal(text, {
    'name      │    n',
    '──────────┼─────',
    'Zoë "Z"   │    1',
    '日本      │ 1234',
    'NULL      │    5',
    'two⏎lines │ NULL',
  }, 'the table')
  equal(#nulls, 2, 'NULLs')
  equal(view.csv(answer), 'name,n\r\n"Zoë ""Z""",1\r\n日本,1234\r\n,5\r\n"two\nlines",\r\n', 'the CSV')
end)

test('the tree-sitter parser compiles and the queries fit it', function()
  local here = vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))
  local root = vim.fs.normalize(here .. '/../../..')
  for _, name in ipairs({ 'highlights', 'injections' }) do
    local ours = vim.fn.readblob(root .. '/editors/nvim/queries/nlq/' .. name .. '.scm')
    equal(ours, vim.fn.readblob(root .. '/grammars/nlq/queries/' .. name .. '.scm'), name .. ' is the grammar\'s own')
  end
  vim.cmd.NlqInstallParser()
  equal(require('nlq.parser').has('nlq'), true, 'the parser loads')
  open('questions.nlq')
  local tree = vim.treesitter.get_parser(0, 'nlq')
  tree:parse(true)
  equal(tree:trees()[1]:root():has_error(), false, 'the file parses')
  local captures = {}
  local query = assert(vim.treesitter.query.get('nlq', 'highlights'))
  for id in query:iter_captures(tree:trees()[1]:root(), 0) do
    captures[query.captures[id]] = true
  end
  equal(next(captures) ~= nil, true, 'there are highlights')
  assert(vim.treesitter.query.get('nlq', 'injections'))
end)

test('a .spl file is highlighted, with and without its parser', function()
  local here = vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2))
  local root = vim.fs.normalize(here .. '/../../..')
  local ours = vim.fn.readblob(root .. '/editors/nvim/queries/spl/highlights.scm')
  equal(ours, vim.fn.readblob(root .. '/grammars/spl/queries/highlights.scm'), 'the query is the grammar\'s own')
  open('errors.spl')
  equal(vim.bo.filetype, 'spl', 'filetype')
  equal(require('nlq.parser').has('spl'), true, 'the parser loads')
  local tree = vim.treesitter.get_parser(0, 'spl')
  tree:parse(true)
  equal(tree:trees()[1]:root():has_error(), false, 'the file parses')
  local captures = {}
  local query = assert(vim.treesitter.query.get('spl', 'highlights'))
  for id, node in query:iter_captures(tree:trees()[1]:root(), 0) do
    captures[query.captures[id]] = captures[query.captures[id]] or vim.treesitter.get_node_text(node, 0)
  end
  equal(captures.keyword, 'stats', 'commands are keywords')
  equal(captures['function.macro'], 'web', 'macros are told')
  vim.treesitter.stop()
  vim.bo.syntax = 'spl'
  equal(group('stats'), 'splCommand', 'a command')
  equal(group('`web'), 'splMacro', 'a macro')
  equal(group('-- nlq'), 'splComment', 'a prompt')
end)

test(':checkhealth nlq finds nothing wrong', function()
  open('try.sql')
  vim.cmd('silent checkhealth nlq')
  local report = table.concat(lines(), '\n')
  equal(report:find('ERROR', 1, true), nil, report)
  equal(report:find('nlq.yaml in', 1, true) ~= nil or report:find('a server runs', 1, true) ~= nil, true, report)
end)

harness.run()
