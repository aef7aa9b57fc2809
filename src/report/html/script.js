'use strict';
// Lists, filters and what unfolds. Everything of the recording goes into the page as text: elements are made by name,
// their content by textContent, and no markup is ever parsed.
(() => {
  const PAGE = 50;
  const OPTIONS = 300;
  const PRINTED = 30;
  const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'];
  const VERDICTS = ['blocked', 'failed', 'undetermined', 'allowed', 'opaque', 'not-cors'];

  const data = JSON.parse(document.getElementById('data').textContent);
  const text = (place) => data.texts[place];
  const line = (place) => texts(data.lines[place]);
  const clause = (place) => data.clauses[place];
  const texts = (places) => places.map(text);

  const el = (name, className, ...children) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== ''));
    return element;
  };

  const svg = (name, attributes, ...children) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  const counted = (count, one, many) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
  const tag = (name) => el('span', `tag ${name}`, name);
  const facts = (pairs) => {
    const list = el('dl', 'facts');
    for (const [name, values] of pairs) {
      const shown = (Array.isArray(values) ? values : [values]).filter((value) => value);
      if (shown.length === 0) continue;
      list.append(el('dt', '', name), ...shown.map((value) => el('dd', '', value)));
    }
    return list;
  };
  const part = (title, ...content) => el('section', 'part', el('h3', '', title), ...content);

  // What unfolds below a finding or a request.

  const isRefused = (detail) => detail.verdict === 'blocked' || detail.verdict === 'failed';

  const waterfall = (detail) => {
    const rows = el('ol', 'waterfall');
    for (const exchange of detail.exchanges) {
      const fate = exchange.decided ? (isRefused(detail) ? 'refused here' : 'decided here') : '';
      const kind = exchange.decided && isRefused(detail) ? 'refused' : exchange.role.replace(' ', '-');
      const drawing = svg('svg', { viewBox: '0 0 1000 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        svg('rect', { class: 'track', width: 1000, height: 10 }));
      if (exchange.bar) {
        const [x, width] = exchange.bar;
        drawing.append(svg('rect', { class: `step-${kind}`, x, width, height: 10 }));
      }
      const answer = exchange.status === undefined ? exchange.silence || '' : String(exchange.status);
      rows.append(el('li', '',
        el('span', 'step', el('strong', '', exchange.role), ` ${text(exchange.method)} `, answer),
        drawing,
        el('span', 'time', exchange.milliseconds === undefined ? '' : `${exchange.milliseconds} ms`),
        fate ? el('span', 'fate', fate) : null));
    }
    return rows;
  };

  // Whether a recorded value of the finding is this header of this exchange.
  const proves = (evidence, exchange, side, name) => evidence.some(([place, evidenceName]) => {
    const where = text(place);
    const isSide = where === side || where === `preflight-${side}`;
    const isHere = exchange.decided || (where.startsWith('preflight-') && exchange.role.endsWith('preflight'));
    return isSide && isHere && text(evidenceName).toLowerCase() === name;
  });

  const headerLine = (name, value, kind) => {
    const shown = el('span', 'line');
    const content = [el('b', '', name), ': ', value === '' ? el('span', 'quiet', '(empty, or not kept)') : value];
    shown.append(kind ? el('mark', kind, ...content) : el('span', '', ...content));
    if (kind === 'offending') shown.append(el('i', 'remark', ' refused'));
    return shown;
  };

  const message = (exchange, evidence) => {
    const lines = (side) => exchange[side].map((place) => {
      const [name, value] = line(place);
      const lower = name.toLowerCase();
      const isOffending = side === 'response' && exchange.offending !== undefined
        && exchange.offending.toLowerCase() === lower;
      const kind = isOffending ? 'offending' : proves(evidence, exchange, side, lower) ? 'proof' : '';
      return headerLine(name, value, kind);
    });
    const asked = el('pre', 'message', el('span', 'line start', `${text(exchange.method)} ${text(exchange.url)}`),
      ...lines('request'));
    const status = exchange.status === undefined ? exchange.silence : String(exchange.status);
    const answered = el('pre', 'message', el('span', 'line start', status || ''), ...lines('response'));
    if (exchange.absent) {
      answered.append(el('span', 'line', el('mark', 'offending', el('b', '', exchange.offending), ' is missing')));
    }
    const block = el('div', 'exchange', el('p', 'exchange-name', `${exchange.role}, ${text(exchange.place)}`), asked,
      answered);
    if (exchange.more_lines) {
      block.append(el('p', 'quiet', `${counted(exchange.more_lines, 'line', 'lines')} more in the recording`));
    }
    return block;
  };

  const recorded = (evidence) => {
    const list = el('ul', 'evidence');
    for (const [place, name, value] of evidence) {
      list.append(el('li', '', el('span', 'quiet', `${text(place)} `), el('b', '', text(name)), ': ', text(value)));
    }
    return list;
  };

  const decision = (detail) => {
    const body = el('tbody');
    const last = detail.clauses.length - 1;
    detail.clauses.forEach((place, at) => {
      const [step, reads, value, holds] = clause(place);
      const decides = at === last && isRefused(detail);
      const row = el('tr', decides ? 'decides' : '', el('td', '', text(step)), el('td', '', text(reads)),
        el('td', 'value', text(value)), el('td', holds ? 'holds' : 'fails', holds ? '✓ yes' : '✗ no'));
      body.append(row);
    });
    const header = el('tr', '');
    for (const title of ['Clause', 'Reads', 'Value', 'Holds']) {
      const cell = el('th', '', title);
      cell.scope = 'col';
      header.append(cell);
    }
    const scroll = el('div', 'scroll', el('table', '', el('thead', '', header), body));
    scroll.tabIndex = 0;
    scroll.setAttribute('role', 'region');
    scroll.setAttribute('aria-label', 'Decision, clause by clause');
    return scroll;
  };

  const sentences = (said) => {
    const list = el('dl', 'said');
    for (const [browser, error, sentence] of said) {
      list.append(el('dt', '', text(browser), text(error) ? el('code', '', text(error)) : null),
        el('dd', '', texts(sentence).join('')));
    }
    return list;
  };

  const told = (detail, evidence) => {
    const aside = evidence.filter(([place]) => !text(place).endsWith('request') && !text(place).endsWith('response'));
    const evidenceParts = [
      part('Timeline', waterfall(detail)),
      part('As recorded', ...detail.exchanges.map((exchange) => message(exchange, evidence)),
        aside.length ? recorded(aside) : null),
    ];
    const decisionParts = [
      part(`Decision: ${detail.verdict}`,
        el('p', '', el('code', '', text(detail.code)), ` ${text(detail.meaning)}`),
        el('p', 'quiet', `By the rules of ${detail.engine}, confidence ${detail.confidence}, decided in the ${detail.phase} phase.`
          + (detail.warnings ? ` Remarks: ${detail.warnings.join(', ')}.` : '')
          + (detail.outcome === undefined ? '' : ` The recorder says ${text(detail.outcome)}.`)),
        decision(detail)),
    ];
    if (detail.said.length) decisionParts.push(part('What browsers print', sentences(detail.said)));
    return [evidenceParts, decisionParts];
  };

  let server = 0;
  let labels = 0;
  const configuration = (remedy) => {
    const code = el('code', '');
    const block = el('pre', 'configuration', code);
    block.tabIndex = 0;
    const choice = el('select');
    data.servers.forEach((name, at) => choice.append(new Option(name, String(at))));
    const show = () => {
      code.textContent = texts(remedy.servers[choice.selectedIndex]).join('\n');
      block.setAttribute('aria-label', `Configuration of ${data.servers[choice.selectedIndex]}`);
    };
    choice.selectedIndex = server;
    choice.addEventListener('change', () => {
      server = choice.selectedIndex;
      show();
    });
    show();
    const outcome = el('span', 'quiet');
    outcome.setAttribute('role', 'status');
    const copy = el('button', '', 'Copy');
    copy.type = 'button';
    copy.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(`${code.textContent}\n`);
        outcome.textContent = 'copied';
      } catch {
        getSelection().selectAllChildren(code);
        outcome.textContent = 'selected: copy it with the keyboard';
      }
    });
    labels += 1;
    choice.id = `server-${labels}`;
    const label = el('label', '', 'Server');
    label.htmlFor = choice.id;
    return [el('p', 'note', remedy.note), el('p', 'pick', label, choice, copy, outcome), block];
  };

  const reference = (source) => {
    if (!source.startsWith('https://')) return el('li', '', source);
    const link = el('a', '', source);
    link.href = source;
    link.rel = 'noreferrer noopener';
    link.target = '_blank';
    return el('li', '', link);
  };

  const findingBody = (finding) => {
    const rule = data.rules[finding.rule];
    const origins = texts(finding.origins);
    if (finding.more_origins) origins.push(`and ${finding.more_origins} more`);
    const places = texts(finding.samples);
    if (finding.count > places.length && places.length) places.push(`and ${finding.count - places.length} more`);
    const body = [
      el('p', 'lead', text(finding.message)),
      facts([
        ['From', origins],
        ['Where', places],
        ['Certainty', finding.confidence],
        ['Reach', finding.reach || ''],
        ['Data', (finding.kinds || []).join(', ')],
        ['Rule', `${rule.id}, ${rule.category}`],
      ]),
    ];
    const detail = finding.fetch === undefined ? undefined : data.details[data.detailOf[finding.fetch]];
    const evidence = finding.evidence.map((place) => data.evidence[place]);
    const [proof, decided] = detail ? told(detail, evidence)
      : [evidence.length ? [part('Evidence', recorded(evidence))] : [], []];
    body.push(...proof, part('Fix', el('p', '', text(finding.fix)),
      ...(finding.remedy === undefined ? [] : configuration(data.remedies[finding.remedy]))), ...decided);
    if (rule.why) body.push(part('Why it matters', el('p', '', rule.why)));
    if (rule.references.length) body.push(part('References', el('ul', 'references', ...rule.references.map(reference))));
    return body;
  };

  const requestBody = (request, at) => {
    const detail = data.details[data.detailOf[at]];
    const body = [facts([
      ['From', request.origin === undefined ? 'not known' : text(request.origin)],
      ['Where', text(request.place)],
    ])];
    body.push(...(detail ? told(detail, []).flat() : [el('p', 'quiet', 'The decision had no room on this page.')]));
    return body;
  };

  // Lists with filters.

  const option = (value, label, count) => new Option(count === undefined ? label : `${label} (${count})`, value);

  const makeList = ({ id, items, chips, selects, row, body, words, orders }) => {
    const section = document.getElementById(id);
    const app = document.getElementById(`${id}-app`);
    const form = app.querySelector('form');
    const status = app.querySelector('.status');
    const rows = app.querySelector('.rows');
    const more = app.querySelector('.more');
    let found = items;
    let shown = 0;

    const chipBox = form.querySelector(`[data-chips="${chips.name}"]`);
    for (const value of chips.values) {
      const count = items.filter((item) => item[chips.name] === value).length;
      const box = el('input');
      box.type = 'checkbox';
      box.name = chips.name;
      box.value = value;
      const label = el('label', `chip ${value}`, box, ` ${value} `, el('span', 'chip-count', String(count)));
      if (count === 0) box.disabled = true;
      chipBox.append(label);
    }
    for (const [name, every] of Object.entries(selects)) {
      const counts = new Map();
      for (const item of items) for (const value of item[name]) counts.set(value, (counts.get(value) || 0) + 1);
      const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
      form.elements[name].append(option('', every),
        ...sorted.slice(0, OPTIONS).map(([value, count]) => option(value, value || '(none)', count)));
    }

    const wanted = () => {
      const search = form.elements.q.value.toLowerCase().split(/\s+/).filter((word) => word);
      const kinds = new Set([...form.querySelectorAll('.chips input:checked')].map((box) => box.value));
      const picked = Object.keys(selects)
        .map((name) => [name, form.elements[name].value])
        .filter(([, value]) => value !== '');
      return (item) => {
        if (kinds.size && !kinds.has(item[chips.name])) return false;
        if (!picked.every(([name, value]) => item[name].includes(value))) return false;
        if (search.length === 0) return true;
        if (item.hay === undefined) item.hay = words(item).join('\n').toLowerCase();
        return search.every((word) => item.hay.includes(word));
      };
    };

    const unfold = (details, item) => {
      if (details.dataset.built) return;
      details.dataset.built = 'yes';
      details.append(el('div', 'body', ...body(item.entry, item.at)));
    };

    const append = (upTo) => {
      const end = Math.min(upTo, found.length);
      const fresh = document.createDocumentFragment();
      for (; shown < end; shown += 1) {
        const item = found[shown];
        const details = el('details', `row ${item[chips.name]}`, el('summary', '', ...row(item)));
        details.addEventListener('toggle', () => details.open && unfold(details, item));
        item.element = details;
        fresh.append(el('li', '', details));
      }
      rows.append(fresh);
      more.hidden = shown === found.length;
      more.textContent = `Show ${Math.min(PAGE * 2, found.length - shown)} more`;
      const total = counted(found.length, 'match', 'matches');
      status.textContent = found.length === items.length
        ? `${counted(items.length, 'row', 'rows')}, ${shown} shown`
        : `${total} of ${items.length.toLocaleString('en')}, ${shown} shown`;
    };

    const update = () => {
      found = items.filter(wanted());
      const order = orders && orders[form.elements.sort.value];
      if (order) found.sort(order);
      rows.replaceChildren();
      shown = 0;
      append(PAGE);
    };

    const state = () => {
      const params = new URLSearchParams();
      const kinds = [...form.querySelectorAll('.chips input:checked')].map((box) => box.value);
      if (kinds.length) params.set(chips.name, kinds.join(','));
      for (const name of ['q', ...Object.keys(selects), ...(orders ? ['sort'] : [])]) {
        if (form.elements[name].value) params.set(name, form.elements[name].value);
      }
      return params.toString();
    };

    const remember = () => {
      const now = state();
      const prefix = id === 'findings' ? '' : id + (now && '&');
      try {
        history.replaceState(null, '', `#${prefix}${now}`);
      } catch {
        // Some browsers let no local file write its address; filters work without.
      }
    };

    const apply = (params) => {
      const kinds = (params.get(chips.name) || '').split(',');
      for (const box of form.querySelectorAll('.chips input')) box.checked = kinds.includes(box.value);
      for (const name of ['q', ...Object.keys(selects), ...(orders ? ['sort'] : [])]) {
        const value = params.get(name) || '';
        const control = form.elements[name];
        if (value && control.options && ![...control.options].some((known) => known.value === value)) {
          if (name === 'sort') continue;
          control.append(option(value, value));
        }
        control.value = value;
      }
      update();
    };

    let pending;
    form.addEventListener('input', (event) => {
      clearTimeout(pending);
      pending = setTimeout(() => {
        update();
        remember();
      }, event.target.name === 'q' ? 120 : 0);
    });
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('reset', () => setTimeout(() => {
      update();
      remember();
    }));
    more.addEventListener('click', () => {
      const next = shown;
      append(shown + PAGE * 2);
      const first = rows.children[next];
      if (first) first.querySelector('summary').focus();
    });

    app.hidden = false;
    update();
    return {
      section,
      items,
      names: ['q', chips.name, ...Object.keys(selects)],
      apply,
      open: (item) => {
        apply(new URLSearchParams());
        append(found.indexOf(item) + 1);
        item.element.open = true;
        unfold(item.element, item);
        item.element.scrollIntoView({ block: 'start' });
        item.element.querySelector('summary').focus({ preventScroll: true });
      },
      print: () => {
        const opened = [];
        for (const item of found.slice(0, Math.min(shown, PRINTED))) {
          if (item.element.open) continue;
          unfold(item.element, item);
          item.element.open = true;
          opened.push(item.element);
        }
        return opened;
      },
    };
  };

  const findings = makeList({
    id: 'findings',
    items: data.findings.map((entry, at) => ({
      entry,
      at,
      severity: entry.severity,
      rule: [data.rules[entry.rule].id],
      host: [text(entry.host)],
      origin: texts(entry.origins),
    })),
    chips: { name: 'severity', values: SEVERITIES },
    selects: { rule: 'all rules', host: 'all servers', origin: 'all origins' },
    orders: {
      count: (a, b) => b.entry.count - a.entry.count || a.at - b.at,
      rule: (a, b) => (a.rule[0] === b.rule[0] ? a.at - b.at : a.rule[0] < b.rule[0] ? -1 : 1),
      host: (a, b) => (a.host[0] === b.host[0] ? a.at - b.at : a.host[0] < b.host[0] ? -1 : 1),
    },
    words: ({ entry, rule }) => [
      ...rule, data.rules[entry.rule].title, data.rules[entry.rule].category, entry.id, entry.reach || '',
      ...(entry.kinds || []), ...texts([entry.message, entry.target, entry.endpoint, ...entry.methods, ...entry.origins,
        ...entry.samples, ...entry.evidence.flatMap((place) => data.evidence[place])]),
    ],
    row: ({ entry }) => [
      tag(entry.severity),
      el('span', 'main', el('span', 'title', data.rules[entry.rule].title),
        el('span', 'where', `${texts(entry.methods).join(', ')} ${text(entry.target)}${text(entry.endpoint)}`.trim())),
      el('span', 'side', el('span', 'certainty', entry.confidence),
        el('span', 'count', entry.count === 1 ? 'once' : `${entry.count.toLocaleString('en')} times`)),
    ],
    body: findingBody,
  });

  const requests = makeList({
    id: 'requests',
    items: data.requests.map((entry, at) => ({
      entry,
      at,
      verdict: entry.verdict,
      code: [text(entry.code)],
      host: [text(entry.host)],
      origin: [entry.origin === undefined ? '' : text(entry.origin)],
    })),
    chips: { name: 'verdict', values: VERDICTS },
    selects: { code: 'all codes', host: 'all servers', origin: 'all origins' },
    words: ({ entry, origin }) => [
      entry.verdict, ...origin, String(entry.status === undefined ? '' : entry.status),
      ...texts([entry.method, entry.url, entry.code, entry.place]),
    ],
    row: ({ entry, origin }) => [
      tag(entry.verdict),
      el('span', 'main', el('span', 'where', `${text(entry.method)} ${text(entry.url)}`),
        el('span', 'quiet', origin[0] ? `from ${origin[0]}` : 'from an origin that is not known')),
      el('span', 'side', el('code', '', text(entry.code)),
        el('span', 'count', entry.status === undefined ? '' : String(entry.status))),
    ],
    body: requestBody,
  });

  // The address says which rows are wanted: #severity=high&q=cart, #requests&verdict=blocked, #finding=<fingerprint>.
  const follow = () => {
    const params = new URLSearchParams(location.hash.slice(1));
    const wantedFinding = params.get('finding');
    if (wantedFinding !== null) {
      const at = data.findings.findIndex((finding) => finding.id === wantedFinding);
      if (at >= 0) findings.open(findings.items[at]);
      return;
    }
    const list = params.has('requests') ? requests : findings;
    if (!list.names.some((name) => params.get(name))) return;
    list.apply(params);
    list.section.scrollIntoView();
    list.section.focus({ preventScroll: true });
  };
  addEventListener('hashchange', follow);
  follow();

  let opened = [];
  addEventListener('beforeprint', () => {
    opened = findings.print();
  });
  addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
    opened = [];
  });
})();
