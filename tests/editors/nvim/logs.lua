-- Searches of logs in real Neovim, over the stand-in for a Splunk server. Prints a line a test and ends with 1 when one fails.

local harness = dofile(vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2)) .. '/harness.lua')
local wait, equal, lines, cursor_on = harness.wait, harness.equal, harness.lines, harness.cursor_on
local open, pick, float, test = harness.open, harness.pick, harness.float, harness.test

test('a question in a .spl file becomes a search below it', function()
  open('logs.spl')
  cursor_on('average duration')
  pick('Generate')
  wait(function() return lines()[2]:find('^index=app sourcetype=app:json') ~= nil end, 'the search stands there')
  equal(lines()[3]:find('| stats avg(duration_ms)', 1, true), 1, lines()[3])
end)

test('an unknown command of SPL is underlined', function()
  open('logs.spl')
  local number = cursor_on('| statz')
  wait(function() return #vim.diagnostic.get(0, { lnum = number - 1 }) > 0 end, 'there is a finding')
  local said = vim.diagnostic.get(0, { lnum = number - 1 })[1]
  equal(said.code, 'unknown-command', said.message)
  equal(said.message:find('stats', 1, true) ~= nil, true, said.message)
end)

test('a hover explains a command of SPL', function()
  open('logs.spl')
  cursor_on('average duration')
  pick('Generate')
  wait(function() return lines()[3]:find('stats avg', 1, true) ~= nil end, 'the search stands there')
  cursor_on('stats avg', 2)
  wait(function()
    vim.lsp.buf.hover()
    return vim.wait(1000, function() return float() ~= nil end) and float():find('statistics', 1, true) ~= nil
  end, 'the command is explained')
end)

harness.run()
