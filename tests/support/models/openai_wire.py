"""OpenAI's POST /v1/chat/completions: https://platform.openai.com/docs/api-reference/chat."""

import json

from pieces import halves, pieces
from scenarios import Asked

PATH = '/v1/chat/completions'


def read(body):
    system, messages = [], []
    for message in body['messages']:
        text = content(message.get('content'))
        for call in message.get('tool_calls') or []:
            text += '\n' + call['function']['arguments']
        if message['role'] in ('system', 'developer'):
            system.append(text)
        else:
            # A tool's result is what the user's side says.
            messages.append(('assistant' if message['role'] == 'assistant' else 'user', text))
    return Asked(body['model'], '\n'.join(system), messages, form(body), bool(body.get('stream')))


def content(value):
    if isinstance(value, list):
        return '\n'.join(part.get('text', '') for part in value)
    return value or ''


def form(body):
    wanted = (body.get('response_format') or {}).get('json_schema')
    if wanted:
        return {'name': wanted['name'], 'schema': wanted['schema'], 'as_text': True}
    tools = [tool['function'] for tool in body.get('tools') or []]
    choice = body.get('tool_choice')
    if not tools or choice == 'none':
        return None
    named = choice['function']['name'] if isinstance(choice, dict) else tools[0]['name']
    tool = next(tool for tool in tools if tool['name'] == named)
    return {'name': tool['name'], 'schema': tool['parameters'], 'as_text': False}


def usage(asked, reply):
    read, written = len(asked.text) // 4, len(reply.text + (reply.arguments or '')) // 4
    return {
        'prompt_tokens': read, 'completion_tokens': written, 'total_tokens': read + written,
        'prompt_tokens_details': {'cached_tokens': reply.cached},
    }


def parts(asked, reply):
    """The reply as text and as arguments of a call: with `response_format` the arguments are the text."""
    if reply.arguments is not None and asked.form['as_text']:
        return reply.arguments, None
    return reply.text, reply.arguments


def whole(asked, reply):
    text, arguments = parts(asked, reply)
    message = {'role': 'assistant', 'content': text or None}
    if reply.stop == 'refusal':
        message |= {'content': None, 'refusal': text}
    if arguments is not None:
        message['tool_calls'] = [{'id': 'call_1', 'type': 'function', 'function': {'name': asked.form['name'], 'arguments': arguments}}]
    choice = {'index': 0, 'message': message, 'finish_reason': finish(arguments, reply)}
    return {'id': 'chatcmpl-1', 'object': 'chat.completion', 'created': 1, 'model': asked.model, 'choices': [choice],
            'usage': usage(asked, reply)}


def finish(arguments, reply):
    return 'content_filter' if reply.stop == 'refusal' else 'stop' if arguments is None else 'tool_calls'


def stream(asked, reply):
    """The events of a streamed reply, as text; None where a reply that breaks breaks."""
    def event(delta, finish=None, **more):
        chunk = {'id': 'chatcmpl-1', 'object': 'chat.completion.chunk', 'created': 1, 'model': asked.model,
                 'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}]}
        return f'data: {json.dumps(chunk | more)}\n\n'

    text, arguments = parts(asked, reply)
    yield event({'role': 'assistant', 'content': ''})
    field = 'refusal' if reply.stop == 'refusal' else 'content'
    deltas = [{field: piece} for piece in pieces(text)]
    if arguments is not None:
        call = {'index': 0, 'id': 'call_1', 'type': 'function', 'function': {'name': asked.form['name'], 'arguments': ''}}
        deltas.append({'tool_calls': [call]})
        deltas += [{'tool_calls': [{'index': 0, 'function': {'arguments': piece}}]} for piece in pieces(arguments)]
    yield from halves([event(delta) for delta in deltas], reply.breaks)
    yield event({}, finish(arguments, reply))
    yield event({}, choices=[], usage=usage(asked, reply))
    yield 'data: [DONE]\n\n'


def error(failure):
    kinds = {401: 'authentication_error', 404: 'not_found_error', 429: 'rate_limit_error'}
    kind, code, message = kinds.get(failure.status, 'server_error'), None, failure.said or f'The scripted model answers {failure.status}.'
    if failure.context:
        most, given = failure.context
        kind, code = 'invalid_request_error', 'context_length_exceeded'
        message = (f"This model's maximum context length is {most} tokens. However, your messages resulted in {given} tokens. "
                   'Please reduce the length of the messages.')
    return {'error': {'message': message, 'type': kind, 'param': None, 'code': code}}
