-- Read-only buffers for rows, plans and reasoning. `q` closes, in rows `gy` yanks them all as CSV.

local M = {}

local namespace = vim.api.nvim_create_namespace('nlq.view')

--- Fills the buffer of this name, in its window when it is shown, else in a split below.
---@return integer buffer
local function open(name, lines, filetype)
  local full = 'nlq://' .. name
  local buffer = vim.fn.bufnr('^' .. vim.fn.fnameescape(full) .. '$')
  if buffer == -1 then
    buffer = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(buffer, full)
    vim.bo[buffer].bufhidden = 'wipe'
    vim.keymap.set('n', 'q', '<cmd>close<cr>', { buffer = buffer, nowait = true, desc = 'Close' })
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  local window = vim.fn.bufwinid(buffer)
  if window == -1 then
    local height = math.min(#lines + 1, math.floor(vim.o.lines / 2))
    window = vim.api.nvim_open_win(buffer, false, { split = 'below', height = height })
  end
  vim.wo[window].number = false
  vim.wo[window].relativenumber = false
  vim.wo[window].signcolumn = 'no'
  if filetype ~= '' and vim.bo[buffer].filetype ~= filetype then
    vim.bo[buffer].filetype = filetype
  end
  return buffer, window
end

--- Shows a text.
---@param name string of the buffer
---@param text string
---@param filetype string empty for none
function M.text(name, text, filetype)
  local _, window = open(name, vim.split(text, '\r?\n'), filetype)
  vim.wo[window].wrap = true
end

--- A value as one line of text.
local function plain(value)
  if value == vim.NIL then
    return 'NULL'
  elseif type(value) == 'table' then
    return vim.json.encode(value)
  elseif type(value) == 'number' and value % 1 == 0 and math.abs(value) < 2 ^ 53 then
    return ('%d'):format(value)
  end
  return (tostring(value):gsub('\r?\n', '⏎'))
end

local function padded(text, width, right)
  local space = (' '):rep(width - vim.fn.strdisplaywidth(text))
  return right and space .. text or text .. space
end

--- An aligned table: the lines, and where each NULL stands as { line, first byte, last byte }, from 0.
---@param answer table what `nlq.run` answers
---@return string[] lines, integer[][] nulls
function M.table(answer)
  local widths, right = {}, {}
  for i, column in ipairs(answer.columns) do
    widths[i] = vim.fn.strdisplaywidth(column.name)
    right[i] = #answer.rows > 0
    for _, row in ipairs(answer.rows) do
      widths[i] = math.max(widths[i], vim.fn.strdisplaywidth(plain(row[i])))
      right[i] = right[i] and (row[i] == vim.NIL or type(row[i]) == 'number')
    end
  end
  local head, rule = {}, {}
  for i, column in ipairs(answer.columns) do
    head[i] = padded(column.name, widths[i], right[i])
    rule[i] = ('─'):rep(widths[i])
  end
  local lines, nulls = { table.concat(head, ' │ '), table.concat(rule, '─┼─') }, {}
  for _, row in ipairs(answer.rows) do
    local line = ''
    for i = 1, #answer.columns do
      line = line .. (i > 1 and ' │ ' or '')
      local cell = padded(plain(row[i]), widths[i], right[i])
      if row[i] == vim.NIL then
        nulls[#nulls + 1] = { #lines, #line, #line + #cell }
      end
      line = line .. cell
    end
    lines[#lines + 1] = line
  end
  return lines, nulls
end

--- RFC 4180; NULL is an empty field.
---@param answer table what `nlq.run` answers
---@return string
function M.csv(answer)
  local function line(cells)
    return table.concat(vim.tbl_map(function(cell)
      return cell:find('[",\r\n]') and '"' .. cell:gsub('"', '""') .. '"' or cell
    end, cells), ',') .. '\r\n'
  end
  local out = { line(vim.tbl_map(function(column) return column.name end, answer.columns)) }
  for _, row in ipairs(answer.rows) do
    out[#out + 1] = line(vim.tbl_map(function(value)
      return value == vim.NIL and '' or (type(value) == 'string' and value or plain(value))
    end, row))
  end
  return table.concat(out)
end

local truncation = {
  rows = '; the row limit was reached, there are more',
  bytes = '; the size limit was reached, there are more',
}

--- Shows the rows of a query.
---@param answer table what `nlq.run` answers
function M.rows(answer)
  local lines, nulls = M.table(answer)
  local count = #answer.rows
  local title = ('%d %s from %s in %.0f ms%s'):format(
    count, count == 1 and 'row' or 'rows', answer.connection, answer.elapsed_ms, truncation[answer.truncated] or '')
  table.insert(lines, 1, title)
  local buffer, window = open('rows', lines, 'nlq-rows')
  vim.wo[window].wrap = false
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  vim.hl.range(buffer, namespace, 'Comment', { 0, 0 }, { 0, #title })
  vim.hl.range(buffer, namespace, 'Title', { 1, 0 }, { 1, #lines[2] })
  for _, place in ipairs(nulls) do
    vim.hl.range(buffer, namespace, 'NonText', { place[1] + 1, place[2] }, { place[1] + 1, place[3] })
  end
  vim.keymap.set('n', 'gy', function()
    vim.fn.setreg(vim.v.register, M.csv(answer))
    vim.notify(('nlq: yanked %d %s as CSV.'):format(count, count == 1 and 'row' or 'rows'))
  end, { buffer = buffer, desc = 'Yank all rows as CSV' })
end

return M
