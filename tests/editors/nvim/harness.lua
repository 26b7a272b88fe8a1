-- What the tests in real Neovim share: waiting, finding places, picking actions; a line a test, and 1 when one fails.

local M = {}

local patience = tonumber(vim.env.NLQ_TEST_PATIENCE or 60) * 1000 -- milliseconds; a loaded machine is slow

function M.wait(condition, what)
  if not vim.wait(patience, condition, 50) then
    error(('waited %d s in vain until %s'):format(patience / 1000, what), 2)
  end
end

function M.equal(actual, expected, what)
  if not vim.deep_equal(actual, expected) then
    error(('%s: expected %s, got %s'):format(what, vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

function M.lines()
  return vim.api.nvim_buf_get_lines(0, 0, -1, false)
end

--- Puts the cursor on the first occurrence of a text, some characters into it.
function M.cursor_on(text, into)
  for number, line in ipairs(M.lines()) do
    local at = line:find(text, 1, true)
    if at then
      vim.api.nvim_win_set_cursor(0, { number, at - 1 + (into or 0) })
      return number
    end
  end
  error('no line contains ' .. text, 2)
end

--- Opens a file as it is on disk, and waits for the server and what it knows of the database.
function M.open(file)
  vim.cmd('silent! %bwipeout!')
  vim.cmd.edit(file)
  M.wait(function()
    local client = vim.lsp.get_clients({ name = 'nlq', bufnr = 0 })[1]
    return client ~= nil and client.initialized and require('nlq.status').get() ~= nil
  end, 'the server serves ' .. file)
end

--- Picks the entry of the code-action menu at the cursor that contains a text.
function M.pick(title)
  local offered = {}
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      offered[#offered + 1] = action.title
      return action.title:find(title, 1, true) ~= nil
        and not vim.iter(vim.list_slice(offered, 1, #offered - 1)):any(function(other)
          return other:find(title, 1, true) ~= nil -- the first that fits is enough
        end)
    end,
  })
  return offered
end

--- The text of the floating window, nil when there is none.
function M.float()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
    end
  end
end

local tests = {}
function M.test(name, run)
  tests[#tests + 1] = { name, run }
end

-- What the user would have been told, kept for the report of a failure.
M.notes = {}
vim.notify = function(text)
  M.notes[#M.notes + 1] = text
end

--- Runs all tests and ends Neovim.
function M.run()
  local failed = 0
  local started = vim.uv.hrtime()
  for _, entry in ipairs(tests) do
    M.notes = {}
    local ok, problem = xpcall(entry[2], debug.traceback)
    if ok then
      io.write('ok      Neovim: ', entry[1], '\n')
    else
      failed = failed + 1
      local last = table.concat(vim.list_slice(M.notes, math.max(1, #M.notes - 4)), ' | ')
      io.write('FAILED  Neovim: ', entry[1], '\n', tostring(problem), '\nlast notes: ', last, '\n')
    end
  end
  io.write(('%.1f s\n'):format((vim.uv.hrtime() - started) / 1e9))
  vim.cmd('silent! %bwipeout!')
  os.exit(failed == 0 and 0 or 1)
end

return M
