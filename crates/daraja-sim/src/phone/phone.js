// The phone's behaviour: waits for news of one line by long poll, and draws it.
'use strict';
(() => {
  const PREFERRED = '254708374149';
  const LOW_BALANCE = 5;
  const FULL_BALANCE = 25000;
  const SENDING = 'Sending… You will receive a message from M-PESA.';
  const api = document.documentElement.dataset.base + '/api';
  const $ = (id) => document.getElementById(id);
  const chosen = toMsisdn(new URLSearchParams(location.search).get('phone') || '');

  const state = {
    msisdn: chosen || PREFERRED,
    anyone: !chosen,
    version: 0,
    skew: 0,
    prompt: null,
    answered: null,
    pin: '',
    seen: null,
    polling: null,
  };

  function toMsisdn(text) {
    const digits = text.replace(/\D/g, '');
    const subscriber = digits.replace(/^(254|0)/, '');
    return /^[71]\d{8}$/.test(subscriber) ? '254' + subscriber : null;
  }

  const national = (msisdn) => '0' + msisdn.slice(3).replace(/(\d{3})(\d{3})(\d{3})/, '$1 $2 $3');
  const money = (amount) => 'KES ' + amount.toLocaleString('en-KE');
  const nairobi = (options) => new Intl.DateTimeFormat('en-GB', { timeZone: 'Africa/Nairobi', ...options });
  const clock = nairobi({ hour: '2-digit', minute: '2-digit' });
  const date = nairobi({ weekday: 'long', day: 'numeric', month: 'long' });
  const moment = nairobi({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  const now = () => Date.now() + state.skew;

  function send(method, path, body) {
    return fetch(api + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  // News

  async function watch() {
    for (;;) {
      state.polling = new AbortController();
      const path = `/handsets/${state.msisdn}/wait?since=${state.version}&anyone=${state.anyone ? 1 : 0}`;
      try {
        const reply = await fetch(api + path, { signal: state.polling.signal });
        if (!reply.ok) throw new Error(String(reply.status));
        draw(await reply.json());
      } catch (error) {
        if (error.name === 'AbortError') continue;
        await new Promise((resume) => setTimeout(resume, 1000));
      }
    }
  }

  function use(msisdn) {
    state.msisdn = msisdn;
    state.seen = null;
    look();
  }

  function look() {
    state.version = 0;
    if (state.polling) state.polling.abort();
  }

  function draw(view) {
    if (view.handset.msisdn !== state.msisdn) return;
    state.version = view.version;
    state.skew = view.now - Date.now();
    const elsewhere = view.elsewhere[0];
    if (state.anyone && elsewhere && view.prompts.length === 0) {
      use(elsewhere.msisdn);
      return;
    }
    drawLine(view.handset);
    drawMessages(view.handset.messages);
    // News that left before an answer arrived still holds the prompt that was answered.
    drawPrompt(view.prompts.find((prompt) => prompt.id !== state.answered) || null);
    tick();
  }

  function drawLine(line) {
    if (document.activeElement !== $('number')) $('number').value = national(line.msisdn);
    $('balance').textContent = money(line.balance);
    $('menu-balance').textContent = money(line.balance);
    $('owner').textContent = line.owner;
    const left = 3 - line.wrong_pins;
    $('pin-state').textContent = line.pin_locked ? 'Locked' : left === 3 ? 'In use' : `${left} ${left === 1 ? 'try' : 'tries'} left`;
    $('unlock').hidden = !line.pin_locked;
    $('unreachable').checked = !line.reachable;
    $('low').checked = line.balance <= LOW_BALANCE;
    $('anyone').checked = state.anyone;
    $('carrier').textContent = line.reachable ? 'Safaricom' : 'No service';
    document.querySelector('.glass').classList.toggle('no-service', !line.reachable);
  }

  // Messages

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function drawMessages(messages) {
    const last = messages.length ? messages[messages.length - 1].at + messages[messages.length - 1].text : '';
    if (last === state.seen) return;
    const arrived = state.seen !== null && last !== '';
    state.seen = last;
    $('thread').replaceChildren(...messages.map((sms) => {
      const item = element('li');
      item.append(element('time', '', moment.format(sms.at)), element('p', '', sms.text));
      return item;
    }));
    $('thread').scrollTop = $('thread').scrollHeight;
    $('thread-empty').hidden = messages.length > 0;
    $('notes').replaceChildren(...messages.slice(-3).reverse().map((sms, index) => note(sms, arrived && index === 0)));
    if (arrived) {
      buzz();
      if ($('toast').textContent === SENDING) toast('');
    }
  }

  function note(sms, fresh) {
    const card = element('article', fresh ? 'note new' : 'note');
    const icon = element('span', 'icon m');
    icon.setAttribute('aria-hidden', 'true');
    icon.append(element('b', '', 'M'));
    const head = element('header');
    head.append(element('b', '', 'M-PESA'), element('time', '', clock.format(sms.at)));
    card.append(icon, head, element('p', '', sms.text));
    return card;
  }

  function buzz() {
    const glass = document.querySelector('.glass');
    glass.classList.remove('buzz');
    void glass.offsetWidth;
    glass.classList.add('buzz');
    if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) navigator.vibrate(80);
  }

  // The prompt

  function drawPrompt(prompt) {
    const before = state.prompt && state.prompt.id;
    state.prompt = prompt;
    $('shade').hidden = !prompt;
    $('views').inert = Boolean(prompt);
    document.querySelector('.glass').classList.toggle('prompt-open', Boolean(prompt));
    if (!prompt || prompt.id === before) return;
    setPin('');
    $('ask').textContent = prompt.text;
    $('fact-business').textContent = prompt.business_name;
    $('fact-account').textContent = prompt.account;
    $('fact-amount').textContent = money(prompt.amount);
    toast('');
    buzz();
    $('stk').focus({ preventScroll: true });
  }

  function setPin(pin) {
    state.pin = pin.slice(0, 4);
    [...$('pin').children].forEach((dot, index) => dot.classList.toggle('on', index < state.pin.length));
    const count = state.pin.length;
    $('pin').setAttribute('aria-label', `${count} of 4 digits`);
    $('ok').disabled = count !== 4;
  }

  async function act(what, body, say) {
    if (!state.prompt) return;
    const id = state.prompt.id;
    state.answered = id;
    toast(say);
    drawPrompt(null);
    const reply = await send('POST', `/prompts/${id}/${what}`, body);
    if (reply.status === 404) toast('The request has expired.');
    if (!reply.ok || what !== 'pin') return;
    const { result } = await reply.json();
    const words = {
      wrong_pin: 'Wrong M-PESA PIN.',
      locked: 'Your M-PESA PIN is locked.',
      insufficient: 'You do not have enough money.',
    };
    if (words[result]) toast(words[result]);
  }

  const ok = () => state.pin.length === 4 && act('pin', { pin: state.pin }, SENDING);
  const cancel = () => act('cancel', undefined, 'You cancelled the request.');
  const ignore = () => act('ignore', undefined, 'The request stays unanswered.');

  function keys(event) {
    if (!state.prompt || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLInputElement) return;
    if (/^\d$/.test(event.key)) setPin(state.pin + event.key);
    else if (event.key === 'Backspace') setPin(state.pin.slice(0, -1));
    else if (event.key === 'Escape') cancel();
    else if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) ok();
    else return;
    event.preventDefault();
  }

  let toastTimer = 0;
  function toast(text) {
    clearTimeout(toastTimer);
    $('toast').textContent = text;
    if (text) toastTimer = setTimeout(() => { $('toast').textContent = ''; }, 6000);
  }

  // Screens and the menu

  function open(name, type) {
    if (type) choose(type);
    document.querySelectorAll('.view').forEach((view) => { view.hidden = view.id !== name; });
    document.querySelector('.glass').classList.toggle('sheet-open', name !== 'home');
    const first = $(name).querySelector('input:enabled, .list button, .back');
    if (first) first.focus({ preventScroll: true });
    $('thread').scrollTop = $('thread').scrollHeight;
  }

  function choose(type) {
    $('pay-form').dataset.type = type;
    $('pay-title').textContent = type === 'pay_bill' ? 'Pay Bill' : 'Buy Goods';
    $('pay-said').hidden = true;
    $('pay-form').querySelectorAll('[data-for]').forEach((label) => {
      label.hidden = label.dataset.for !== type;
      label.firstElementChild.disabled = label.hidden;
    });
  }

  async function pay(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = Object.fromEntries(new FormData(form));
    const amount = Number(fields.amount.replace(/[,\s]/g, ''));
    $('pay-said').hidden = true;
    if (!Number.isInteger(amount)) return tell($('pay-said'), 'Enter an amount in whole shillings.');
    $('send').disabled = true;
    $('send').textContent = 'Sending…';
    try {
      const reply = await send('POST', `/handsets/${state.msisdn}/pay`, { type: form.dataset.type, ...fields, amount });
      const body = await reply.json().catch(() => ({}));
      if (!reply.ok) return tell($('pay-said'), body.message || 'M-PESA is not available.');
      form.reset();
      open('home');
    } catch {
      tell($('pay-said'), 'M-PESA is not available.');
    } finally {
      $('send').disabled = false;
      $('send').textContent = 'Send';
    }
  }

  function tell(place, text) {
    place.textContent = text;
    place.hidden = false;
  }

  const change = (settings) => send('PATCH', `/handsets/${state.msisdn}`, settings);

  function tick() {
    const time = clock.format(now());
    $('bar-time').textContent = time;
    $('big-time').textContent = time;
    $('big-date').textContent = date.format(now());
    if (state.prompt) {
      const seconds = Math.max(0, Math.ceil((state.prompt.expires_at - now()) / 1000));
      $('left').textContent = `${seconds} s`;
    }
  }

  document.addEventListener('keydown', keys);
  document.querySelectorAll('[data-open]').forEach((button) => {
    button.addEventListener('click', () => open(button.dataset.open, button.dataset.type));
  });
  $('pay-form').addEventListener('submit', pay);
  $('pad').addEventListener('click', (event) => {
    const digit = event.target.closest('button');
    if (digit && /^\d$/.test(digit.textContent)) setPin(state.pin + digit.textContent);
  });
  $('delete').addEventListener('click', () => setPin(state.pin.slice(0, -1)));
  $('ok').addEventListener('click', ok);
  $('cancel').addEventListener('click', cancel);
  $('ignore').addEventListener('click', ignore);
  $('unreachable').addEventListener('change', (event) => change({ reachable: !event.target.checked }));
  $('low').addEventListener('change', (event) => change({ balance: event.target.checked ? LOW_BALANCE : FULL_BALANCE }));
  $('unlock').addEventListener('click', () => change({ pin_locked: false }));
  $('anyone').addEventListener('change', (event) => {
    state.anyone = event.target.checked;
    look();
  });
  $('number-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const msisdn = toMsisdn($('number').value);
    $('number-said').hidden = Boolean(msisdn);
    if (!msisdn) return tell($('number-said'), 'Enter a Kenyan mobile number, like 0708 374 149.');
    state.anyone = false;
    $('number').blur();
    use(msisdn);
  });

  setPin('');
  tick();
  setInterval(tick, 1000);
  watch();
})();
