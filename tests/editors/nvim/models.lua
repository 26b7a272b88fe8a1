-- What a user of Neovim sees of language models: through the LiteLLM gateway in the folder `gateway`, and one of the user's own in
-- the folder `own`. NLQ_TEST_UPSTREAM is the address of the scripted model.

local harness = dofile(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2)) .. '/harness.lua')
local wait, equal, lines, cursor_on = harness.wait, harness.equal, harness.lines, harness.cursor_on
local open, test = harness.open, harness.test

--- Gives the model of the gateway a scenario.
local function play(scenario)
  local script = vim.json.encode({ models = { scripted = scenario } })
  local posted = vim.system({ 'curl', '-sf', '-d', script, vim.env.NLQ_TEST_UPSTREAM .. '/script' }):wait()
  equal(posted.code, 0, 'the script is taken')
end

--- Has the one question answered that only a model can answer.
local function generate(folder)
  open(folder .. '/ask.sql')
  wait(function() return require('nlq.status').get().state ~= 'connecting' end, 'the schema is known')
  cursor_on('how happy are the unicorns')
  vim.cmd.NlqGenerate()
end

local function text()
  return table.concat(lines(), '\n')
end

local function contains(where, what)
  return where:find(what, 1, true) ~= nil
end

local function written()
  wait(function() return contains(text(), 'unicorns\nSELECT avg(rating)') end, 'the query stands there')
end

--- The reasoning document of the question at the cursor.
local function reasoning()
  cursor_on('how happy are the unicorns')
  vim.cmd.NlqReasoning()
  local found
  wait(function()
    found = vim.iter(vim.api.nvim_list_bufs()):find(function(buffer) return vim.bo[buffer].filetype == 'markdown' end)
    return found ~= nil
  end, 'the reasoning is shown')
  return table.concat(vim.api.nvim_buf_get_lines(found, 0, -1, false), '\n')
end

local progress = {}
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    progress[#progress + 1] = event.data.params.value.message or ''
  end,
})

local function seen(what)
  return vim.iter(progress):any(function(message) return contains(message, what) end)
end

test('the query can be watched while a model writes it', function()
  play('slow')
  progress = {}
  generate('gateway')
  wait(function() return seen('SELECT avg') end, 'the progress shows it')
  equal(contains(text(), 'avg(rating)'), false, 'the query stands there too early')
  written()
end)

test('a repair shows in the reasoning, and what it cost', function()
  play('repaired')
  generate('gateway')
  written()
  local told = reasoning()
  for _, part in ipairs({ 'wrong_column', 'Repairing', '2 calls', '$0.' }) do
    equal(contains(told, part), true, part .. ' in ' .. told)
  end
end)

test('the menu on the question asks the model too', function()
  play('right')
  open('gateway/ask.sql')
  cursor_on('how happy are the unicorns')
  harness.pick('enerate')
  written()
end)

test(':NlqCancel leaves the document as it was', function()
  play('slow')
  progress = {}
  generate('gateway')
  local before = text()
  wait(function() return seen('SELECT avg') end, 'the model writes')
  vim.cmd.NlqCancel()
  vim.wait(5000) -- longer than the whole reply takes
  equal(text(), before, 'the document')
end)

-- The model of the user's own: what was asked, and what it does next.
local asked, answer = {}, nil
require('nlq').setup({
  llm = function(request, on_delta, done)
    asked[#asked + 1] = request
    return answer(request, on_delta, done)
  end,
})

local reply = [[{"query": "SELECT avg(rating) AS happiness FROM reviews", "explanation": "The mean of all ratings.",
  "confidence": 0.9, "ambiguities": [], "unanswerable": null}]]

test("a function of the user's own answers", function()
  asked, progress = {}, {}
  answer = function(_, on_delta, done)
    on_delta(reply:sub(1, 40))
    vim.defer_fn(function()
      done({ text = reply, usage = { input = 900, output = 40, cache_read = 0, cache_write = 0 }, model = 'mine' })
    end, 500)
  end
  generate('own')
  wait(function() return seen('SELECT avg') end, 'the progress shows what came so far')
  written()
  equal(#asked, 1, 'requests')
  equal(asked[1].model, nil, 'null is nil')
  equal(type(asked[1].must_call), 'string', 'a form is asked for')
  equal(contains(asked[1].messages[#asked[1].messages].text, 'unicorns'), true, 'the question')
  equal(contains(reasoning(), '940'), true, 'the tokens')
end)

test("a program of the user's own answers", function()
  answer = require('nlq.llm').command({ 'sh', '-c', 'grep -q "JSON Schema" && printf %s "$0"', reply })
  generate('own')
  written()
end)

test('a program that fails is told', function()
  answer = require('nlq.llm').command({ 'sh', '-c', 'echo no such model >&2; exit 3' })
  generate('own')
  wait(function() return contains(vim.fn.execute('messages') .. table.concat(harness.notes), 'no such model') end, 'its complaint is told')
  equal(contains(text(), 'unicorns\nSELECT'), false, 'nothing is written')
end)

test("a cancel reaches the user's own function", function()
  local cancelled = false
  asked = {}
  answer = function()
    return function() cancelled = true end
  end
  generate('own')
  local before = text()
  wait(function() return #asked > 0 end, 'the model is asked')
  vim.cmd.NlqCancel()
  wait(function() return cancelled end, 'the function is told')
  equal(text(), before, 'the document')
end)

harness.run()
