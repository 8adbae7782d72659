# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds every block of code in the documentation, and says what each one is."""

import ast
import re
import shlex
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import yaml

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {'.ansible', '.cache', '.git', '.nox', '.venv', 'changelogs', 'output'}
MODULE = re.compile(r'[a-z_]\w*\.[a-z_]\w*\.[a-z_]\w*')
PLAY_KEYS = {'hosts', 'import_playbook', 'ansible.builtin.import_playbook'}
TASK_KEYS = {'block', 'include_role', 'import_role'}
VARIABLES = re.compile(r'ansible_facts_\w+|audit_\w+')
DECLARED = re.compile(r'(\w+_)?(expected_listeners|listener_waivers)(_\w+)?')
PROGRAMS = ('ansible-galaxy', 'ansible-playbook', 'cd', 'git', 'make')
# Reports that real hosts have shown: of each kind the documents with one. tests/hosts/guests/test_readme.py compares.
OF_HOSTS = {'report': ('README.md', 'docs/docsite/rst/guide_first_audit.rst'), 'findings': ('README.md',)}
# Files of other programs, and the keys that they have
FILES = {'workflow': {'jobs', 'permissions'}, 'hooks': {'repos'}, 'environment': {'version', 'images'}}
LANGUAGES = {'groovy': 'pipeline',
             'yaml': 'yaml', 'yaml+jinja': 'yaml', 'console': 'console', 'text': 'text', 'json': 'json', 'ini': 'ini'}


class Unclassifiable(Exception):
    """Nobody knows how to execute this block: write it otherwise, or teach the tests."""


@dataclass(frozen=True)
class Block:
    """A block of code: where it is, its language as written there, and its text without indentation."""

    source: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return '%s:%d' % (self.source, self.line)


class _Loader(yaml.SafeLoader):
    """Knows the tags of Ansible."""


for _tag in ('!unsafe', '!vault'):
    _Loader.add_constructor(_tag, lambda loader, node: node.value)


def load(text: str) -> Any:
    """The content of YAML that Ansible may read."""
    return yaml.load(text, _Loader)


def documents() -> list[Path]:
    """The files with documentation for people: list of Path."""
    paths = [path for pattern in ('**/*.md', 'docs/**/*.rst') for path in ROOT.glob(pattern)]
    return sorted(path for path in paths if not SKIPPED.intersection(path.relative_to(ROOT).parts))


def _in_markdown(source: str, text: str) -> Iterator[Block]:
    fence = re.compile(r'^( *)(```+|~~~+)([^\n`]*)\n(.*?)^\1\2[ ]*$', re.MULTILINE | re.DOTALL)
    for match in fence.finditer(text):
        yield Block(source, text.count('\n', 0, match.start()) + 1, match.group(3).strip(),
                    textwrap.dedent(match.group(4)))


def _in_rst(source: str, text: str) -> Iterator[Block]:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        match = re.match(r'^( *)\.\. (?:code-block|code|sourcecode)::\s*(\S*)\s*$', line)
        if not match and re.match(r'^(?!\s*\.\. ).*::\s*$', line):
            yield Block(source, number + 1, '', line)       # a literal block has no language
        if match:
            content: list[str] = []
            for following in lines[number + 1:]:
                if following.strip() and len(following) - len(following.lstrip()) <= len(match.group(1)):
                    break
                content.append(following)
            while content and (not content[0].strip() or content[0].strip().startswith(':')):
                del content[0]
            yield Block(source, number + 1, match.group(2), textwrap.dedent('\n'.join(content)).rstrip() + '\n')


def in_documents() -> Iterator[Block]:
    """All blocks of all documents."""
    for path in documents():
        find = _in_rst if path.suffix == '.rst' else _in_markdown
        yield from find(str(path.relative_to(ROOT)), path.read_text(encoding='utf-8'))


def plugins() -> Iterator[tuple[str, str | None]]:
    """The plugins with documentation, as tuple of path and text of EXAMPLES, or None where there are none."""
    for path in sorted(ROOT.glob('plugins/*/*')):
        if path.parent.name in ('module_utils', 'plugin_utils', 'doc_fragments') or path.name == '__init__.py':
            continue
        source = str(path.relative_to(ROOT))
        if path.suffix in ('.yml', '.yaml'):
            yield source, load(path.read_text(encoding='utf-8')).get('EXAMPLES')
        elif path.suffix == '.py':
            texts: dict[str, str] = {}
            for node in ast.parse(path.read_text(encoding='utf-8')).body:
                value = node.value if isinstance(node, ast.Assign) else None
                if isinstance(node, ast.Assign) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    texts.update({target.id: value.value for target in node.targets if isinstance(target, ast.Name)})
            if 'DOCUMENTATION' in texts:
                yield source, texts.get('EXAMPLES')


def in_plugins() -> Iterator[Block]:
    """The EXAMPLES of all plugins, one block each."""
    for source, text in plugins():
        if text:
            yield Block(source, 1, 'yaml+jinja', text)


def classify(block: Block) -> str:
    """What a block is.

    :returns: str: plays, tasks, variables, declaration, requirements, inventory, listener, commands, report, findings,
        changes, answers, json, ini, workflow of GitHub, gitlab, pipeline of Jenkins, hooks, environment, or figure,
        which is no example of anything.
    :raises Unclassifiable:
    """
    language = LANGUAGES.get(block.language)
    if not block.language and block.text and all(line.split(' ')[0] in PROGRAMS for line in block.text.splitlines()):
        return 'commands'
    if language is None:
        raise Unclassifiable('%s: what is in a block of language "%s"?' % (block, block.language))
    if language == 'console':
        for line in block.text.splitlines():
            if not line.startswith('$ '):
                raise Unclassifiable('%s: a console block has a "$ " before each command and shows no output' % block)
        return 'commands'
    if language == 'text':
        if re.match(r'\d+ listeners? on ', block.text):
            return 'report'
        if block.text.startswith('Findings:\n'):
            return 'findings'
        if re.match(r'\S+: (?:tcp|udp) ', block.text):
            return 'answers'
        if block.text.startswith('CHANGE '):
            return 'changes'
        if re.search(r'^ *\+-[-v|^]+-\+', block.text, re.MULTILINE):
            return 'figure'
        raise Unclassifiable('%s: what is this text?' % block)
    if language == 'ini' and block.text.startswith('# hosts.ini\n'):
        return 'hosts'      # an inventory
    if language == 'yaml':
        return _classify_yaml(block, load(block.text))
    return language


def _classify_yaml(block: Block, content: object) -> str:
    if isinstance(content, list) and content and all(isinstance(item, dict) for item in content):
        if all(PLAY_KEYS.intersection(item) for item in content):
            return 'plays'
        if all(TASK_KEYS.intersection(item) or any(MODULE.fullmatch(key) for key in item) for item in content):
            return 'tasks'
    elif isinstance(content, dict) and content:
        if set(content) == {'collections'}:
            return 'requirements'
        if 'plugin' in content:
            return 'inventory'
        for kind, keys in FILES.items():
            if keys <= set(content):
                return kind
        if all(isinstance(job, dict) and 'script' in job for job in content.values()):
            return 'gitlab'
        if {'id', 'protocol', 'owners'} <= set(content):
            return 'listener'
        if any(DECLARED.fullmatch(key) for key in content):
            return 'declaration'
        if all(VARIABLES.fullmatch(key) for key in content):
            return 'variables'
    raise Unclassifiable('%s: neither plays, nor tasks, nor anything else that is known' % block)


def scripts(block: Block) -> list[str]:
    """What a recipe for CI runs in a shell, one after the other."""
    if block.language == 'groovy':
        return [match.strip() for match in re.findall(r"(?s)\bsh '''(.*?)'''", block.text)]
    jobs = load(block.text)
    if 'jobs' in jobs:
        return [step['run'] for job in jobs['jobs'].values() for step in job['steps'] if 'run' in step]
    return ['\n'.join([*job.get('before_script', ()), *job['script']]) for job in jobs.values()]


def files(block: Block) -> set[str]:
    """The files that a recipe for CI hands on: what it uploads, or keeps as an artifact."""
    return {path.rstrip('/') for path in re.findall(r'listening-ports-audit/[\w./-]*|\bimpact\.md', block.text)}


def commands(block: Block) -> list[list[str]]:
    """The commands of a console block, as lists of words."""
    return [shlex.split(line.removeprefix('$ ')) for line in block.text.splitlines()]
