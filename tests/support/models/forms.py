"""The structured outputs that prompts ask for, known by their properties, and filled in."""

import re


def wants_query(form):
    return form is not None and 'query' in form['schema'].get('properties', {})


def query(form, sql, step):
    """The arguments of a prompt for a query; without a query the question is said to be unanswerable."""
    schema = form['schema']
    said = {
        'query': sql or '',
        'explanation': 'It reads what the question names.',
        'confidence': step.get('confidence', 0.95),
        'ambiguities': step.get('ambiguities', []),
    }
    if sql is None:
        said['unanswerable'] = 'Nothing here answers this question.'
    return {name: said.get(name, empty(part)) for name, part in schema['properties'].items()}


def several(form):
    """The arguments of a prompt for a query, when it takes several."""
    said = {'query': '', 'several_queries': 'It needs what another database holds.'}
    return {name: said.get(name, empty(part)) for name, part in form['schema']['properties'].items()}


def fill(asked, gold):
    """The arguments of any other form: what lets the work go on."""
    said = {
        'tables': tables(asked, gold),
        'reason': 'They hold what the question names.',
        'answers_question': True,
        'problem': None,
        'answer': 'The rows answer it.',
        **((gold and gold.plan) or {}),
    }
    properties = asked.form['schema'].get('properties', {})
    return {name: said.get(name, empty(part)) for name, part in properties.items()}


def tables(asked, gold):
    """All tables that the prompt names as such, and those that the right query reads."""
    named = re.findall(r'(?:CREATE TABLE|^table|^-)\s+"?([\w.]+)', asked.text, re.I | re.M)
    read = re.findall(r'(?:FROM|JOIN)\s+"?([\w.]+)', gold.sql, re.I) if gold else []
    return list(dict.fromkeys(read + named))


def empty(schema):
    """The plainest value that a JSON Schema allows."""
    kinds = schema.get('type')
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if 'enum' in schema:
        return schema['enum'][0]
    if 'null' in kinds or any(part.get('type') == 'null' for part in schema.get('anyOf', [])):
        return None
    plain = {'array': [], 'boolean': True, 'number': 0.5, 'integer': 1, 'string': ''}
    if kinds[0] == 'object':
        return {name: empty(part) for name, part in schema.get('properties', {}).items()}
    return plain.get(kinds[0])
