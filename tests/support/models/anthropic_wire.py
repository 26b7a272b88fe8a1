"""Anthropic's POST /v1/messages: https://docs.anthropic.com/en/api/messages."""

import json

from pieces import halves, pieces
from scenarios import Asked

PATH = '/v1/messages'


def read(body):
    system = body.get('system') or ''
    messages = [(message['role'], content(message['content'])) for message in body['messages']]
    return Asked(body['model'], content(system), messages, form(body), bool(body.get('stream')))


def content(value):
    if isinstance(value, str):
        return value
    texts = []
    for block in value:
        if block['type'] == 'tool_use':
            texts.append(json.dumps(block['input']))
        elif block['type'] == 'tool_result':
            texts.append(content(block.get('content') or ''))
        else:
            texts.append(block.get('text', ''))
    return '\n'.join(texts)


def form(body):
    tools = body.get('tools') or []
    choice = body.get('tool_choice') or {}
    if not tools or choice.get('type') == 'none':
        return None
    tool = next(tool for tool in tools if tool['name'] == choice.get('name', tools[0]['name']))
    return {'name': tool['name'], 'schema': tool['input_schema']}


def usage(asked, reply):
    return {
        'input_tokens': len(asked.text) // 4 - reply.cached, 'cache_read_input_tokens': reply.cached,
        'cache_creation_input_tokens': 0, 'output_tokens': len(reply.text + (reply.arguments or '')) // 4,
    }


def stopped(reply):
    return 'refusal' if reply.stop == 'refusal' else 'end_turn' if reply.arguments is None else 'tool_use'


def whole(asked, reply):
    blocks = [{'type': 'text', 'text': reply.text}] if reply.text else []
    if reply.arguments is not None:
        # A whole reply cannot hold broken JSON: the service itself would have parsed it.
        try:
            said = json.loads(reply.arguments)
        except ValueError:
            said = {}
        blocks.append({'type': 'tool_use', 'id': 'toolu_1', 'name': asked.form['name'], 'input': said})
    return {'id': 'msg_1', 'type': 'message', 'role': 'assistant', 'model': asked.model, 'content': blocks,
            'stop_reason': stopped(reply), 'stop_sequence': None, 'usage': usage(asked, reply)}


def stream(asked, reply):
    """The events of a streamed reply, as text; None where a reply that breaks breaks."""
    def event(kind, **more):
        return f'event: {kind}\ndata: {json.dumps({"type": kind} | more)}\n\n'

    counted = usage(asked, reply)
    message = {'id': 'msg_1', 'type': 'message', 'role': 'assistant', 'model': asked.model, 'content': [],
               'stop_reason': None, 'stop_sequence': None, 'usage': counted | {'output_tokens': 1}}
    yield event('message_start', message=message)
    yield event('ping')
    index, events = 0, []
    for block, delta, text in (
        ({'type': 'text', 'text': ''}, lambda piece: {'type': 'text_delta', 'text': piece}, reply.text or None),
        ({'type': 'tool_use', 'id': 'toolu_1', 'name': asked.form and asked.form['name'], 'input': {}},
         lambda piece: {'type': 'input_json_delta', 'partial_json': piece}, reply.arguments),
    ):
        if text is None:
            continue
        events.append(event('content_block_start', index=index, content_block=block))
        events += [event('content_block_delta', index=index, delta=delta(piece)) for piece in pieces(text)]
        events.append(event('content_block_stop', index=index))
        index += 1
    yield from halves(events, reply.breaks)
    yield event('message_delta', delta={'stop_reason': stopped(reply), 'stop_sequence': None},
                usage={'output_tokens': counted['output_tokens']})
    yield event('message_stop')


def error(failure):
    kinds = {400: 'invalid_request_error', 401: 'authentication_error', 404: 'not_found_error', 429: 'rate_limit_error',
             529: 'overloaded_error'}
    message = failure.said or f'The scripted model answers {failure.status}.'
    if failure.context:
        most, given = failure.context
        message = f'prompt is too long: {given} tokens > {most} maximum'
    return {'type': 'error', 'error': {'type': kinds.get(failure.status, 'api_error'), 'message': message}}
