"""What the scripted model does: a scenario is a list of steps, one a request; the last one is repeated.

A model's name is the scenario's; what follows a dot in it keeps apart those who share a name (`repaired.test-7`). A script may
add scenarios and give them to other names. Only prompts for a query play their scenario: all others are answered at once.

A step is a dict. What it answers, one of:
  (nothing)       the right query, from the questions' table
  sql             this query
  corrupt         the right query made wrong: 'column', 'table' or 'syntax'
  every_second    the right query, made wrong for every second question of the table
  obey            the query that some text in the prompt orders, else the right one
  text            plain words instead of the form that was asked for; {sql} in them is the right query
  broken_json     the beginning of the right arguments
  refuse          the model declines
  status          an HTTP error of that kind, with retry_after seconds if given
And besides:
  after_error     only when the conversation holds an error message; the step before is repeated until then
  until_shorter   a context-length error while the prompt has more characters than this
  breaks          'stall': half of the reply, then silence; 'cut': half of the reply, then the connection ends
  pace            seconds between the pieces of the reply
  confidence      what the model says of itself, 0.95 otherwise
  ambiguities     what the model says can be read in several ways
"""

import json
import re
import threading
from dataclasses import dataclass

import forms
from gold import Gold, corrupted

SCENARIOS = {
    'right': [{}],
    'repaired': [{'corrupt': 'column'}, {'after_error': True}],
    'wrong': [{'corrupt': 'column'}],
    'broken-json': [{'broken_json': True}],
    'broken-json-once': [{'broken_json': True}, {}],
    'refusal': [{'refuse': True}],
    'fenced': [{'text': 'Gladly! Here is the query that you need:\n\n```sql\n{sql};\n```\n\nIt counts **everything** that was asked for.'}],
    'two-statements': [{'sql': 'SELECT 1; SELECT 2'}],
    'drop': [{'sql': 'DROP TABLE orders'}],
    'select-then-drop': [{'sql': 'SELECT count(*) FROM orders; DROP TABLE orders'}],
    'read-file': [{'sql': "SELECT readfile('/etc/passwd')"}],
    'pg-read-file': [{'sql': "SELECT pg_read_file('/etc/passwd')"}],
    'attach': [{'sql': "ATTACH DATABASE '/tmp/elsewhere.db' AS elsewhere"}],
    'gullible': [{'obey': True}],
    'stall': [{'breaks': 'stall'}],
    'stall-once': [{'breaks': 'stall'}, {}],
    'cut': [{'breaks': 'cut'}],
    'cut-once': [{'breaks': 'cut'}, {}],
    'busy': [{'status': 429, 'retry_after': 600}],
    'busy-once': [{'status': 429, 'retry_after': 1}, {}],
    'overloaded-once': [{'status': 529}, {}],
    'broken': [{'status': 500}],
    'short-sighted': [{'until_shorter': 9000}],
    'slow': [{'pace': 0.15}],
    'every-second': [{'every_second': True}, {'after_error': True}],
}

# The words by which databases and nlq's own checks say that a query is wrong.
ERROR = re.compile(r'no such|does not exist|unknown (column|table)|has no column|not a column|no column|syntax error|near "|unexpected|refuse', re.I)
ORDER = re.compile(r'the query is: (SELECT [^\n"]+|DROP [^\n"]+)', re.I)


@dataclass
class Asked:
    """A request, whichever protocol it came by."""
    model: str
    system: str
    messages: list  # of (role, text), oldest first
    form: dict | None  # the structured output that is asked for: name, schema
    stream: bool

    @property
    def text(self):
        return '\n'.join([self.system, *(text for _, text in self.messages)])


@dataclass
class Reply:
    """What is said. `arguments` is the text of the form's JSON, also when it is none."""
    text: str = ''
    arguments: str | None = None
    stop: str = 'end'  # end | refusal
    breaks: str | None = None
    pace: float = 0
    cached: int = 0  # tokens


@dataclass
class Failure:
    """What is said by HTTP status; `context` holds the tokens (most, given) of a prompt that is too long."""
    status: int
    retry_after: int | None = None
    context: tuple | None = None
    said: str | None = None


class Script:
    """What is played; shared by all requests."""

    def __init__(self):
        self.gold = Gold()
        self.scenarios = dict(SCENARIOS)
        self.models = {}
        self._played = {}
        self._cached = set()
        self._lock = threading.Lock()

    def add(self, script):
        """Takes in {gold: [{question, sql, plan}], scenarios: {name: steps}, models: {name: scenario}}; a model that is given a scenario
        begins it anew."""
        with self._lock:
            self.gold.add(script.get('gold', []))
            self.scenarios.update(script.get('scenarios', {}))
            again = script.get('models', {})
            self.models.update(again)
            self._played = {key: at for key, at in self._played.items() if key[0] not in again}

    def play(self, asked):
        """The reply to a request, or a failure."""
        with self._lock:
            gold = self.gold.find(asked)
            played = self._play(asked, gold)
            if isinstance(played, Reply):
                # The same system prompt to the same model again is read from the cache, as services do it.
                prefix = (asked.model, asked.system)
                played.cached = len(asked.system) // 4 if prefix in self._cached else 0
                self._cached.add(prefix)
            return played

    def _play(self, asked, gold):
        if not forms.wants_query(asked.form):
            return Reply(arguments=json.dumps(forms.fill(asked, gold))) if asked.form else Reply(text='Yes.')
        name = self.models.get(asked.model, asked.model.split('.')[0])
        steps = self.scenarios.get(name)
        if steps is None:
            return Failure(404)
        key = (asked.model, gold.question if gold else None)
        at = min(self._played.get(key, 0), len(steps) - 1)
        if steps[at].get('after_error') and not any(ERROR.search(text) for _, text in asked.messages):
            at -= 1
        self._played[key] = at + 1
        return self._step(steps[at], asked, gold)

    def _step(self, step, asked, gold):
        if step.get('status'):
            return Failure(step['status'], step.get('retry_after'))
        most = step.get('until_shorter')
        if most and len(asked.text) > most:
            return Failure(400, context=(most // 4, len(asked.text) // 4))
        if step.get('refuse'):
            return Reply(text="I can't help with that.", stop='refusal')
        if gold and gold.plan:
            return Reply(arguments=json.dumps(forms.several(asked.form)))
        sql = gold.sql if gold else None
        if 'text' in step:
            return Reply(text=step['text'].replace('{sql}', sql or ''), pace=step.get('pace', 0))
        if 'sql' in step:
            sql = step['sql']
        elif 'corrupt' in step:
            sql = corrupted(sql, step['corrupt'])
        elif step.get('every_second') and gold.index % 2:
            sql = corrupted(sql, ('column', 'table', 'syntax')[gold.index // 2 % 3])
        elif step.get('obey'):
            order = ORDER.search(asked.text)
            sql = order.group(1).strip() if order else sql
        said = forms.query(asked.form, sql, step)
        arguments = json.dumps(said)
        if step.get('broken_json'):
            arguments = arguments[: len(arguments) // 2]
        return Reply(arguments=arguments, breaks=step.get('breaks'), pace=step.get('pace', 0))
