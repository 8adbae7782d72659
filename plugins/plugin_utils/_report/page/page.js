// The page is whole without this; it adds a filter, details, and keys. Whatever comes from a host is set as text.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const first = (selector) => document.querySelector(selector);
  const element = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const table = first('.matrix');
  if (!table) {               // there was no host
    document.documentElement.dataset.ready = 'true';
    return;
  }
  const body = table.tBodies[0], head = table.tHead.rows[0], stage = first('.stage'), aside = first('aside');
  const search = first('input[type=search]'), choice = first('.tools select');
  const output = first('output'), more = first('.more');
  const rows = [...document.querySelectorAll('.reach tbody tr')];

  // data: the positions in its lists are those in which content.py and script.py write them
  const text = (number) => data.texts[number];
  const kinds = data.kinds.map(([port, level, scope, bound, owners, unit, allowed, because]) => ({
    port, level, scope: text(scope), bound: text(bound), owners: text(owners), unit: text(unit),
    allowed: text(allowed), because: text(because),
  }));
  const hosts = data.hosts.map(([name, verdict, seen, set, places, reason, recorded]) => ({
    name, verdict, seen, kinds: data.sets[set], places, reason, recorded,
  }));
  const findings = data.findings.map(([severity, kind, mark, words, remedy, declared]) => ({
    severity, kind, mark, words, remedy, declared,
  }));
  const groups = data.groups.map(([name, ...runs]) => {
    const members = new Set();
    for (let at = 0; at < runs.length; at += 2) {
      for (let number = runs[at]; number < runs[at] + runs[at + 1]; number += 1) members.add(number);
    }
    return {name, members};
  });
  const lines = data.lines.map((numbers) => ({hosts: numbers, verdict: hosts[numbers[0]].verdict}));
  const NOTHING = 2, PART = 1;

  // what the words of the filter are looked for in
  const textOfKinds = kinds.map((kind) => [
    data.ports[kind.port], kind.owners, kind.unit, kind.bound, data.levels[kind.level][1],
  ].join(' ').toLowerCase());
  const textOfFindings = findings.map((finding) => (
    [finding.severity, finding.kind, finding.words, finding.declared].join(' ').toLowerCase()));
  const textOfHosts = hosts.map((host) => (
    [host.name, data.verdicts[host.verdict][2], host.reason].join(' ').toLowerCase()));
  const off = {level: new Set(), verdict: new Set()};
  let shown = lines.map((line) => [line, line.hosts]);
  let columns = data.columns.map((column, number) => number);

  function cellsOf(line) {      // [column, level, mark] from left to right, as matrix.py makes them
    if (line.cells) return line.cells;
    const host = hosts[line.hosts[0]], cells = new Map();
    const note = (port, level, mark) => {
      const column = data.column_of[port], before = cells.get(column) || [column, -1, 0];
      cells.set(column, [column, Math.max(level, before[1]), Math.max(mark, before[2])]);
    };
    for (const number of host.kinds) note(kinds[number].port, kinds[number].level, 0);
    for (const [finding, ...ports] of host.places) for (const port of ports) note(port, -1, findings[finding].mark);
    line.cells = [...cells.values()].sort((one, other) => one[0] - other[0]);
    return line.cells;
  }

  const isOn = ([, level, mark]) => mark > 0 || !off.level.has(level);

  function hits(texts, word) {
    const numbers = new Set();
    texts.forEach((each, number) => each.includes(word) && numbers.add(number));
    return numbers;
  }

  function chosen() {           // pairs of a line, and those of its hosts that the filter leaves
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const tests = words.map((word) => [word, hits(textOfKinds, word), hits(textOfFindings, word)]);
    const members = choice.value && groups[choice.value].members;
    const fits = (number) => (!members || members.has(number)) && tests.every(([word, ofKinds, ofFindings]) => (
      textOfHosts[number].includes(word)
      || (ofKinds.size && hosts[number].kinds.some((kind) => ofKinds.has(kind)))
      || (ofFindings.size && hosts[number].places.some(([finding]) => ofFindings.has(finding)))));
    const result = [];
    for (const line of lines) {
      if (off.verdict.has(line.verdict)) continue;
      if (off.level.size && cellsOf(line).length && !cellsOf(line).some(isOn)) continue;
      const left = tests.length || members ? line.hosts.filter(fits) : line.hosts;
      if (left.length) result.push([line, left]);
    }
    return result;
  }

  function cell(span, name, words) {
    const made = element('td', name, words);
    if (span > 1) made.colSpan = span;
    return made;
  }

  function row([line, left], number) {
    const made = element('tr'), header = element('th', 'host'), host = hosts[left[0]];
    const [name, sign, words] = data.verdicts[line.verdict], mark = element('span', 'g g-' + name, sign);
    made.dataset.line = number;
    header.scope = 'row';
    mark.title = words;
    header.append(mark, ' ', host.name);
    if (left.length > 1) header.append(' ', element('span', 'dim', `and ${left.length - 1} alike`));
    made.append(header);
    if (host.seen === NOTHING) {
      made.append(cell(columns.length, 'blind', 'not looked at: ' + host.reason));
      return made;
    }
    const levels = new Map(cellsOf(line).filter(isOn).map((each) => [each[0], each]));
    let gap = 0;
    const close = () => {
      if (gap) made.append(cell(gap, host.seen === PART ? 'part' : '', host.seen === PART ? 'not known' : ''));
      gap = 0;
    };
    for (const column of columns) {
      const each = levels.get(column);
      if (!each) { gap += 1; continue; }
      close();
      const [, level, ofPort] = each, parts = [];
      if (level >= 0) parts.push(data.levels[level][1]);
      if (ofPort) parts.push(data.marks[ofPort]);
      const names = ['c', ...(level >= 0 ? ['l-' + data.levels[level][0]] : []), ...(ofPort ? ['m' + ofPort] : [])];
      made.append(cell(1, names.join(' '), parts.join(', ')));
    }
    close();
    return made;
  }

  function apply() {
    shown = chosen();
    const drawn = shown.slice(0, data.most), used = new Set();
    for (const [line] of drawn) for (const each of cellsOf(line)) if (isOn(each)) used.add(each[0]);
    columns = data.columns.map((column, number) => number).filter((number) => used.has(number));
    const titles = columns.map((number) => {
      const made = element('th'), [title, ports] = data.columns[number];
      made.scope = 'col';
      made.title = ports;
      made.append(element('span', '', title));
      return made;
    });
    head.replaceChildren(head.cells[0], ...titles);
    body.replaceChildren(...drawn.map(row));
    more.hidden = shown.length <= data.most;
    more.textContent = `${shown.length - data.most} more lines: narrow the filter.`;
    body.querySelector('.host')?.setAttribute('tabindex', 0);
    count();
  }

  function count() {            // says what is shown, and does the same for what can be reached
    const number = shown.reduce((sum, [, left]) => sum + left.length, 0);
    output.textContent = `${number} of ${hosts.length} hosts` + (shown.length < number ? `, in ${shown.length} lines` : '');
    const rowsOf = kinds.map(() => []), numbers = rows.map(() => 0);
    data.reach.forEach((of, each) => of.forEach((kind) => rowsOf[kind].push(each)));
    const rowsOfSets = new Map();
    for (const [, left] of shown) for (const host of left) {
      const set = hosts[host].kinds;
      if (!rowsOfSets.has(set)) rowsOfSets.set(set, new Set(set.flatMap((kind) => rowsOf[kind])));
      for (const each of rowsOfSets.get(set)) numbers[each] += 1;
    }
    rows.forEach((each) => {
      const of = numbers[each.dataset.row];
      each.hidden = !of || data.reach[each.dataset.row].every((kind) => off.level.has(kinds[kind].level));
      each.cells[0].textContent = of;
      each.cells[0].dataset.noun = of === 1 ? ' host' : ' hosts';
    });
  }

  // details of a host, or of one of its ports
  function list(pairs) {
    const made = element('dl');
    for (const [name, words] of pairs) if (words) made.append(element('dt', '', name), element('dd', '', words));
    return made;
  }

  function close() {
    body.querySelector('.chosen')?.classList.remove('chosen');
    aside.hidden = true;
    stage.classList.remove('with');
  }

  function details(number, column, which = 0) {
    const [, left] = shown[number], host = hosts[left[which]], isHere = (port) => data.column_of[port] === column;
    aside.replaceChildren(element('h3', '', host.name), element('p', 'dim', [
      data.verdicts[host.verdict][2], host.reason, host.seen === PART && 'not all sockets were seen',
      host.recorded && 'recorded ' + host.recorded].filter(Boolean).join(', ')));
    const groupsOf = groups.filter((group) => group.members.has(left[which])).map((group) => group.name);
    if (groupsOf.length) aside.append(element('p', 'dim', 'groups: ' + groupsOf.join(', ')));
    if (left.length > 1) {
      const pick = element('select');
      pick.setAttribute('aria-label', 'Hosts that are alike');
      left.slice(0, 500).forEach((each, place) => pick.append(new Option(hosts[each].name, place)));
      pick.value = which;
      pick.addEventListener('change', () => details(number, column, Number(pick.value)));
      aside.append(pick);
    }
    for (const [finding, ...ports] of host.places) {
      if (column !== undefined && !ports.some(isHere)) continue;
      const {severity, kind, words, remedy, declared} = findings[finding], box = element('div', 'finding');
      box.append(element('strong', 's-' + severity, `${severity}, ${kind}`), element('p', '', words));
      if (declared) box.append(element('p', 'dim', 'Declared in ' + declared));
      if (remedy) box.append(element('p', 'do', 'To do: ' + remedy));
      aside.append(box);
    }
    for (const each of host.kinds) {
      const kind = kinds[each];
      if (column !== undefined && !isHere(kind.port)) continue;
      aside.append(list([
        ['port', data.ports[kind.port]], ['bound to', kind.bound + (kind.scope ? ` (${kind.scope})` : '')],
        ['owner', kind.owners], ['unit', kind.unit], ['reached by', kind.allowed || data.levels[kind.level][1]],
        ['because of', kind.because]]));
    }
    if (data.note) aside.append(element('p', 'dim', data.note));
    const button = element('button', '', 'Close');
    button.type = 'button';
    button.addEventListener('click', close);
    aside.append(button);
    aside.hidden = false;
    stage.classList.add('with');
  }

  const PLACES = '.c, .host, .blind';
  const placesOf = (line) => [...line.querySelectorAll(PLACES)];
  function columnOf(place) {    // undefined for the host itself
    if (!place.matches('.c')) return undefined;
    let at = -1;
    for (const each of place.parentNode.cells) {
      if (each === place) break;
      at += each.colSpan;
    }
    return columns[at];
  }
  function show(place) {
    body.querySelector('.chosen')?.classList.remove('chosen');
    place.classList.add('chosen');
    details(Number(place.parentNode.dataset.line), columnOf(place));
  }
  function focus(place) {
    body.querySelector('[tabindex="0"]')?.setAttribute('tabindex', -1);
    place.tabIndex = 0;
    place.focus();
    place.scrollIntoView({block: 'nearest', inline: 'nearest'});
  }
  function across(line, place) {        // what is nearest to a place in another line
    if (!line) return undefined;
    const at = columnOf(place) ?? -1, distance = (each) => Math.abs((columnOf(each) ?? -1) - at);
    return placesOf(line).reduce((best, each) => (distance(each) < distance(best) ? each : best));
  }
  body.addEventListener('click', (event) => {
    const place = event.target.closest(PLACES);
    if (place) { focus(place); show(place); }
  });
  body.addEventListener('keydown', (event) => {
    const place = event.target.closest(PLACES);
    if (!place) return;
    const line = placesOf(place.parentNode), at = line.indexOf(place);
    const ways = {
      ArrowRight: () => line[at + 1], ArrowLeft: () => line[at - 1], Home: () => line[0], End: () => line.at(-1),
      ArrowDown: () => across(place.parentNode.nextElementSibling, place),
      ArrowUp: () => across(place.parentNode.previousElementSibling, place),
    };
    if (Object.hasOwn(ways, event.key)) {
      event.preventDefault();
      const next = ways[event.key]();
      if (next) {
        focus(next);
        if (!aside.hidden) show(next);
      }
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      show(place);
    }
  });

  let timer;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 120);
  });
  groups.forEach((group, number) => choice.append(new Option(group.name, number)));
  if (data.more_groups) {
    choice.append(new Option(`… and ${data.more_groups} more`, ''));
    choice.lastChild.disabled = true;
  }
  choice.hidden = !groups.length;
  choice.addEventListener('change', apply);
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !['INPUT', 'SELECT'].includes(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape') {
      if (document.activeElement === search) { search.value = ''; apply(); }
      close();
    }
  });
  for (const button of document.querySelectorAll('.legend button')) {
    const what = button.dataset.level ? 'level' : 'verdict', of = data[what + 's'];
    const number = of.findIndex(([name]) => name === button.dataset[what]);
    button.disabled = false;
    button.addEventListener('click', () => {
      const wasOff = off[what].delete(number);
      if (!wasOff) off[what].add(number);
      button.setAttribute('aria-pressed', wasOff);
      apply();
    });
  }
  first('.tools').hidden = false;
  table.setAttribute('role', 'grid');
  body.querySelector('.host')?.setAttribute('tabindex', 0);
  count();
  document.documentElement.dataset.ready = 'true';
})();
