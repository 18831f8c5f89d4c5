/* The parent's side of the chat. All words come from the server (#desk); nothing is innerHTML. */
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const { words, welcome } = JSON.parse($('desk').textContent);
  const [scroller, log, input, notice, typing, banner] =
    ['scroll', 'log', 'input', 'notice', 'typing', 'banner'].map($);
  const UNSENT = 'desk.unsent.';
  const HOPELESS = [400, 403, 413, 415];

  const store = { // private windows may forbid it: then only memory is left
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* full or forbidden */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* forbidden */ } },
    keys() { try { return Object.keys(localStorage); } catch { return []; } },
  };

  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text) node.textContent = text;
    return node;
  };

  const button = (text, onclick) => Object.assign(make('button', '', text), { type: 'button', onclick });

  // ---- text: a block a line, numbers to call and links made tappable

  const TAPPABLE = new RegExp([
    'https?://[\\w\\-.~:/?#@!$&()*+;=%]*[\\w/#=&%-]',
    '0\\d{2,3}[- ]?\\d{7,8}', '0\\d{2,3}-1\\d{4}', '[48]00[- ]?\\d{3}[- ]?\\d{4}', '\\d+',
  ].join('|'), 'g');
  const HOTLINE = /^(110|119|120|122|12[13]\d\d|9[56]\d{3,4}|100(00|10|86))$/;
  const LONG = /^(0\d{7,11}|[48]00\d{7}|1[3-9]\d{9}|[4678]\d{7})$/;
  const COUNTED = /^\s*([元块个人名位所分岁年月天日米条件次项间栋路%％]|万|[.．:/]\d|[A-Za-z])/;
  const NUMBERED = /([A-Za-z.．/:＃#]|\d-|编号|单号|第)\s*$/;

  function link(found, before, after) {
    if (found.startsWith('http')) return found;
    const digits = found.replace(/\D/g, '');
    if (!HOTLINE.test(digits) && !LONG.test(digits)) return null;
    if (COUNTED.test(after) || NUMBERED.test(before)) return null;
    return (digits === '12110' ? 'sms:' : 'tel:') + digits;
  }

  function rich(text) {
    const out = document.createDocumentFragment();
    let done = 0;
    for (const match of text.matchAll(TAPPABLE)) {
      const end = match.index + match[0].length;
      const href = link(match[0], text.slice(0, match.index), text.slice(end));
      if (!href) continue;
      const a = make('a', '', match[0]);
      a.href = href;
      if (href.startsWith('http')) { a.target = '_blank'; a.rel = 'noopener noreferrer'; }
      out.append(text.slice(done, match.index), a);
      done = end;
    }
    out.append(text.slice(done));
    return out;
  }

  /** One block a line: a new line must not look like a long one that was wrapped. */
  function lines(text, draw) {
    return text.split('\n').map((line) => {
      const node = make('div', line.trim() ? 'line' : 'gap');
      if (line.trim()) node.append(draw(line));
      return node;
    });
  }

  /** Stress the line that answers: the first of the first paragraph that has several. */
  function stressLead(blocks) {
    const lead = blocks.find((block, at) =>
      block.className === 'line' && blocks[at + 1]?.className === 'line');
    if (lead) lead.classList.add('lead');
  }

  /** The emergency numbers of a bubble once more, big enough for a shaking hand. */
  function calls(body) {
    const group = make('div', 'calls');
    const numbers = Array.from(body.querySelectorAll('a'), (a) => a.getAttribute('href'));
    for (const href of new Set(numbers)) {
      if (/^tel:1\d\d$/.test(href)) group.append(Object.assign(make('a', '', href.slice(4)), { href }));
    }
    return group;
  }

  // ---- bubbles

  let lastTime = 0;
  function stamp(at) {
    const time = new Date(at);
    if (isNaN(time) || time - lastTime < 300000) return;
    const today = time.toDateString() === new Date().toDateString();
    const day = today ? {} : { year: 'numeric', month: 'long', day: 'numeric' };
    log.append(make('div', 'time', time.toLocaleString('zh-CN', { ...day, hour: '2-digit', minute: '2-digit', hour12: false })));
    lastTime = time;
  }

  /** Append one bubble; who: parent, bot or the name of a member of staff. */
  function bubble({ who, text, at, decision }) {
    stamp(at || Date.now());
    const mine = who === 'parent';
    const staff = !mine && who !== 'bot';
    const alarm = !mine && decision === 'crisis';
    const row = make('div', 'row' + (mine ? ' mine' : '') + (staff ? ' staff' : '') + (alarm ? ' crisis' : ''));
    const body = make('div', 'bubble');
    if (staff && !text.includes(who)) row.append(make('div', 'name', who)); // said once is enough
    if (!staff) body.append(make('span', 'unseen', mine ? words.web_you : words.web_desk));
    if (alarm) body.append(make('strong', 'alarm', words.web_crisis));
    const blocks = lines(text, mine ? String : rich);
    if (!mine && decision === 'answer') stressLead(blocks);
    if (staff && text.startsWith(who)) {
      blocks[0].replaceChildren(make('strong', '', who), rich(text.split('\n')[0].slice(who.length)));
    }
    body.append(...blocks);
    if (alarm) body.querySelector('.alarm').after(calls(body));
    row.append(body);
    log.append(row);
    return row;
  }

  /** Say under a parent's bubble what became of it. */
  function mark(row, text, { name = '', retry = false } = {}) {
    const old = row.querySelector('.mark');
    if (old && old.textContent === text) return;
    const follow = nearEnd();
    if (old) old.remove();
    if (!text) return;
    const node = make('div', 'mark ' + name, retry ? '' : text);
    if (retry) node.append(button(text, () => { tries = 0; flush(); }));
    row.append(node);
    if (follow) reveal();
  }

  /** Offer choices under a bubble; `first` is the number of the first, none = picked by words. */
  function choices(row, labels, first) {
    if (!labels || !labels.length) return;
    const short = labels.length < 4 && labels.every((label) => label.length < 5);
    const group = make('div', short ? 'choices short' : 'choices');
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', words.web_choices);
    labels.forEach((label, index) => {
      const number = first && first + index;
      const choice = button(number ? `${number}. ${label}` : label, () => {
        choice.classList.add('picked');
        choice.append(make('span', 'unseen', words.web_picked));
        scroller.focus({ preventScroll: true });
        submit(number ? { pick: number } : {}, label);
      });
      group.append(choice);
    });
    row.append(group);
  }

  function retireChoices() {
    for (const group of log.querySelectorAll('.choices:not(.retired)')) {
      group.classList.add('retired');
      for (const each of group.children) each.disabled = true;
    }
  }

  const nearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120;
  /** Show from this row on: its top if it is long, the end of everything if it is short. */
  function reveal(row) {
    scroller.scrollTop = row ? row.offsetTop - 8 : scroller.scrollHeight;
    $('new').hidden = true;
  }

  /** Show the end; of the welcome alone, the beginning. */
  function revealLatest() {
    reveal(log.querySelectorAll('.row').length > 1 ? null : log.querySelector('.row'));
  }

  // ---- sending: one at a time, in order, again and again with the same id

  let queue = []; // {id, text, pick?, at, row, inherited}
  let busy = false;
  let tries = 0;
  let timer = 0;
  let notBefore = 0; // the server asked for patience
  let version = 0; // counts what was shown, so that an older history does not overwrite it

  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, '0')).join('');

  function submit(extra, text) {
    const item = { id: newId(), text, at: Date.now(), ...extra };
    retireChoices();
    store.set(UNSENT + item.id, JSON.stringify(item));
    item.row = bubble({ who: 'parent', text, at: item.at });
    queue.push(item);
    reveal();
    flush();
  }

  async function post(item) {
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), 25000);
    try {
      const { id, pick, text } = item;
      const body = JSON.stringify(pick ? { id, pick } : { id, text });
      const headers = { 'Content-Type': 'application/json' };
      const response = await fetch('/chat/api/messages', { method: 'POST', headers, body, signal: stop.signal });
      const data = await response.json().catch(() => ({}));
      return { status: response.status, wait: Number(response.headers.get('Retry-After')), data };
    } finally {
      clearTimeout(limit);
    }
  }

  async function flush() {
    clearTimeout(timer);
    if (busy || !queue.length) return;
    if (Date.now() < notBefore) { patience(); return; }
    busy = true;
    const item = queue[0];
    let wait = 0;
    const soon = setTimeout(() => { typing.hidden = false; if (nearEnd()) reveal(); }, 350);
    try {
      const { status, wait: asked, data } = await post(item);
      if (status === 200 && Array.isArray(data.replies)) {
        settle(item, data);
      } else if (HOPELESS.includes(status)) {
        leave(item);
        mark(item.row, data.error || words.web_bad_request);
        if (!input.value) { input.value = item.text; fit(); }
      } else if (status === 429) {
        notBefore = Date.now() + (asked > 0 ? asked * 1000 : 5000);
      } else {
        wait = backOff();
        for (const each of queue) mark(each.row, words.web_unsent, { retry: true });
      }
    } catch {
      wait = backOff();
      offline(true);
      for (const each of queue) mark(each.row, words.web_unsent, { retry: true });
    } finally {
      clearTimeout(soon);
      typing.hidden = true;
      busy = false;
    }
    if (wait) timer = setTimeout(flush, wait);
    else flush();
  }

  function patience() {
    for (const each of queue) mark(each.row, words.web_slow);
    timer = setTimeout(flush, notBefore - Date.now() + 50);
  }

  const backOff = () => Math.min(30000, 1000 * 2 ** tries++) * (0.8 + 0.4 * Math.random());

  function leave(item) {
    queue = queue.filter((each) => each !== item);
    store.drop(UNSENT + item.id);
  }

  function settle(item, data) {
    leave(item);
    tries = 0;
    version += 1;
    offline(false);
    if (item.inherited) { sync(); return; } // the history may hold it already
    mark(item.row, data.decision === 'staff' ? words.web_delivered : '', { name: 'staff' });
    let number = 1;
    const rows = data.replies.map(({ text, options }) => {
      const row = bubble({ who: 'bot', text, decision: data.decision });
      if (!queue.length) choices(row, options, number);
      number += (options || []).length;
      return row;
    });
    if (data.decision === 'command') clearIfErased(rows);
    if (!rows.length) return;
    reveal(item.row.offsetHeight < scroller.clientHeight / 4 ? item.row : rows[0]);
  }

  /** Once the parent's words are removed on the server, they must not stay on the screen. */
  async function clearIfErased(rows) {
    const before = version;
    const data = await get('/chat/api/history').catch(() => null);
    if (!data || before !== version || data.items.length > rows.length) return;
    log.replaceChildren(...rows);
    reveal();
  }

  // ---- history: what the server holds, then what it has not got yet

  let lastEvent = 0;

  function render({ items, last_event_id: last }) {
    log.setAttribute('aria-live', 'off');
    log.textContent = '';
    lastTime = 0;
    lastEvent = Math.max(lastEvent, last);
    if (!items.length) greet();
    let number = 1;
    for (const item of items) {
      const row = bubble(item);
      if (item.who === 'parent') {
        number = 1;
        retireChoices();
        if (item.decision === 'staff') mark(row, words.web_delivered, { name: 'staff' });
      } else if (item.kind === 'delivery') { // a push ends what was offered before
        retireChoices();
        choices(row, item.choices);
      } else {
        choices(row, item.choices, number);
        number += item.choices.length;
      }
    }
    for (const item of queue) {
      item.inherited = true;
      retireChoices();
      item.row = bubble({ who: 'parent', ...item });
    }
    revealLatest();
    setTimeout(() => log.setAttribute('aria-live', 'polite'), 500);
  }

  function greet() {
    const below = Array.from(document.querySelectorAll('.quick button'), (each) => each.textContent);
    const offered = welcome.choices.filter((label) => !below.includes(label)); // not both
    choices(bubble({ who: 'bot', text: welcome.text }), offered);
  }

  async function get(path) {
    const response = await fetch(path);
    if (!response.ok) throw new Error(String(response.status));
    return response.json();
  }

  async function sync() {
    for (let pause = 1000; ; pause = Math.min(30000, pause * 2)) {
      const before = version;
      const data = await get('/chat/api/history').catch(() => null);
      if (data && before === version) { say(''); announce(data.notice); render(data); return; }
      if (data) continue; // something was answered meanwhile: ask again
      if (!log.firstChild) greet();
      say(words.web_history_failed);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  // ---- what staff write: pushed, or fetched where nothing can be pushed

  function deliver(event) {
    if (event.id <= lastEvent) return;
    lastEvent = event.id;
    version += 1;
    const follow = nearEnd();
    retireChoices();
    const row = bubble(event);
    choices(row, event.choices);
    if (follow) reveal(row);
    else $('new').hidden = false;
  }

  async function catchUp() {
    if (document.hidden) return;
    try {
      const { events, notice: announced } = await get(`/chat/api/history?after=${lastEvent}`);
      announce(announced);
      events.forEach(deliver);
    } catch { /* next time */ }
  }

  let source = null;
  let again = 0;
  function listen() {
    clearTimeout(again);
    if (source) source.close();
    source = null;
    if (document.hidden) return; // a browser has few connections: only the tab in front listens
    if (!window.EventSource) { again = setTimeout(() => catchUp().then(listen), 6000); return; }
    source = new EventSource(`/chat/api/events?after=${lastEvent}`);
    source.onmessage = (event) => deliver(JSON.parse(event.data));
    source.addEventListener('notice', (event) => announce(JSON.parse(event.data)));
    source.onerror = () => { // the browser tries again by itself, unless it gave up
      if (source && source.readyState === 2) again = setTimeout(() => catchUp().then(listen), 6000);
    };
  }

  // ---- the rest of the page

  function say(text) { notice.textContent = text; notice.hidden = !text; }

  /** Show above the talk what staff have put before all answers, until they take it down. */
  function announce(text) {
    if (banner.dataset.text === text) return;
    const follow = nearEnd();
    banner.dataset.text = text;
    banner.replaceChildren(rich(text));
    banner.hidden = !text;
    banner.tabIndex = banner.scrollHeight > banner.clientHeight ? 0 : -1; // keys must reach its end
    if (follow) revealLatest();
  }
  const offline = (is) => say(is ? words.web_offline : '');

  function large(on) {
    document.documentElement.classList.toggle('large', on);
    $('large').setAttribute('aria-pressed', String(on));
    fit();
  }

  function fit() {
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight + 2}px`;
  }

  function send() {
    const text = input.value.trim();
    if (!text) { input.focus(); return; }
    input.value = '';
    fit();
    submit({}, text);
  }

  $('form').onsubmit = (event) => { event.preventDefault(); send(); };
  input.oninput = fit;
  input.onkeydown = (event) => { // 229: the Enter that ends a pinyin word
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  $('send').onmousedown = (event) => event.preventDefault(); // keep the keyboard open
  $('large').onclick = () => {
    const on = $('large').getAttribute('aria-pressed') !== 'true';
    store.set('desk.large', on ? '1' : '');
    const follow = nearEnd();
    large(on);
    if (follow) revealLatest();
  };
  $('new').onclick = () => { reveal(); scroller.focus({ preventScroll: true }); };
  scroller.onscroll = () => { if (nearEnd()) $('new').hidden = true; };
  for (const each of document.querySelectorAll('.quick button')) each.onclick = () => submit({}, each.textContent);

  addEventListener('online', () => { tries = 0; offline(false); flush(); listen(); });
  addEventListener('offline', () => offline(true));
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) { flush(); catchUp(); }
    listen();
  });
  setInterval(catchUp, 60000); // a proxy on the way may hold the stream back

  if (window.visualViewport) { // the on-screen keyboard must not hide the input (iOS)
    visualViewport.addEventListener('resize', () => {
      if (visualViewport.scale > 1.05) return; // zoomed by fingers
      const follow = nearEnd();
      document.documentElement.style.setProperty('--height', `${visualViewport.height}px`);
      window.scrollTo(0, 0);
      if (follow) reveal();
    });
  }

  $('plain').remove();
  large(store.get('desk.large') === '1');
  queue = store.keys()
    .filter((key) => key.startsWith(UNSENT))
    .map((key) => { try { return JSON.parse(store.get(key)); } catch { return null; } })
    .filter(Boolean)
    .sort((one, other) => one.at - other.at);
  sync().then(() => { listen(); flush(); });
  if (matchMedia('(hover: hover) and (pointer: fine)').matches) input.focus();
})();
