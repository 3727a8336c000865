// What a visitor has set on a tab, as parts of its address: every control under a name of its own. What is as it was
// when the tab opened is left out. A value comes back by what a visitor does: a button is clicked, a slider moved.
const REST = 300; // milliseconds after the last act before the address is written
const TICK = 100;
const SECOND = 1000;
const AGAIN = 20;
const LATER = 5;
const BUSY = '.board[aria-busy=true]';
const COMPUTING = '.board-block > [data-testid=status-tracker]:not(.hide)'; // by an event of Gradio's own
const LATEST = 10000; // milliseconds in which an answer is waited for
const PATIENCE = 30000; // milliseconds that a part of an address waits for the control it names

const wait = (time) => new Promise((done) => setTimeout(done, time));
export const slug = (text) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

// ---- what a board says itself: remember(element, name, {get(), set(text)}), for what is no button, slider or field.
// The value is text, or null where nothing was set; with `choice`, a change is a step of the history.
const own = [];
export const remember = (element, name, use) => own.push({element, name, ...use});

// What a key does in a visitor's place, such as a click, counts as the visitor's own.
let byKey = false;
const followed = [];
export function asVisitor(act) {
  for (const took of followed) took();
  byKey = true;
  act();
  byKey = false;
}

// ---- what every tab has

const write = (input, value) => {
  input.value = value;
  for (const kind of ['input', 'change']) input.dispatchEvent(new Event(kind, {bubbles: true}));
};
const within = (input, value) =>
  value !== '' && Number(value) >= Number(input.min || -Infinity) && Number(value) <= Number(input.max || Infinity);

function ofField(input) {
  const choice = input.type !== 'range';
  if (input.type === 'checkbox')
    return {choice, get: () => String(input.checked), set: (value) => value !== String(input.checked) && input.click()};
  const offered = (value) => [...input.options].some((one) => one.value === value && !one.disabled);
  const possible = (value) => (input.matches('select') ? offered(value) : within(input, value));
  return {choice, get: () => input.value, set: (value) => possible(value) && write(input, value)};
}

const keyOf = (button) => button.dataset.key ?? Object.values(button.dataset)[0] ?? slug(button.textContent);

function ofPressed(buttons) {
  const pressed = () => buttons.find((button) => button.getAttribute('aria-pressed') === 'true');
  return {
    choice: true,
    get: () => (pressed() ? keyOf(pressed()) : null),
    set: (value) => buttons.find((button) => keyOf(button) === value)?.click(),
  };
}

// Buttons of which any number may be pressed: [data-many] in place of a choice of one, or one that stands alone.
function ofToggles(buttons) {
  const isPressed = (button) => button.getAttribute('aria-pressed') === 'true';
  return {
    choice: true,
    get: () => buttons.filter(isPressed).map(keyOf).join('_'),
    set(value) {
      const wanted = value.split('_');
      for (const button of buttons) if (wanted.includes(keyOf(button)) !== isPressed(button)) button.click();
    },
  };
}

function ofRadios(radios) {
  const words = (radio) => slug(radio.closest('label').textContent);
  const checked = () => radios.find((radio) => radio.checked);
  return {
    choice: true,
    get: () => (checked() ? words(checked()) : null),
    set: (value) => radios.find((radio) => words(radio) === value)?.click(),
  };
}

// Examples: the place of the last that was clicked, at first of the one that stands there as the tab opens.
const clicked = new WeakMap();
function ofExamples(place, buttons, first) {
  const shown = () => {
    const last = buttons.indexOf(clicked.get(place)); // none of these where a board has others now
    return last < 0 ? first : last;
  };
  return {
    buttons,
    choice: true,
    get: () => (shown() < 0 ? null : String(shown())),
    set(value) {
      if (!buttons[value]) return;
      clicked.set(place, buttons[value]);
      buttons[value].click();
    },
  };
}

// What stands on a label, without the values that stand there, too.
function wordsOn(label) {
  const texts = [...label.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
  const words = texts
    .map((node) => node.textContent)
    .join(' ')
    .trim();
  return words || label.firstElementChild?.textContent || '';
}
function wordsOf(element) {
  const label = element.closest('label');
  return element.name || element.id || element.getAttribute('aria-label') || (label ? wordsOn(label) : '');
}

// Of Gradio's own, the id that Python gave its block, or what stands above it.
function nameOfBlock(block) {
  if (block.id && !/^(part|component)-/.test(block.id)) return block.id;
  return block.querySelector('[data-testid="block-info"], .label, label')?.textContent.trim() || 'choice';
}

function* found(panel) {
  for (const field of panel.querySelectorAll('.board :is(input, select)'))
    if (!field.closest('[data-passing]') && field.matches('[type=range], [type=number], [type=checkbox], select'))
      yield {element: field, name: wordsOf(field), ...ofField(field)};
  for (const group of panel.querySelectorAll('.board [role=group]')) {
    const buttons = [...group.querySelectorAll('button')];
    const choices = buttons.filter((button) => button.hasAttribute('aria-pressed'));
    const kind = 'many' in group.dataset ? ofToggles : ofPressed;
    if (choices.length) yield {element: group, name: wordsOf(group), ...kind(choices)};
    else if (/example/i.test(group.ariaLabel)) {
      const first = buttons.findIndex((one) => 'first' in one.dataset);
      yield {element: group, name: 'example', ...ofExamples(group, buttons, first)};
    }
  }
  for (const button of panel.querySelectorAll('.board button[aria-pressed]'))
    if (!button.closest('[role=group]'))
      yield {element: button, name: slug(button.textContent), ...ofToggles([button])};
  for (const block of panel.querySelectorAll('.block')) {
    if (block.matches('.board-block') || block.querySelector('.block') || !block.offsetParent) continue;
    const radios = [...block.querySelectorAll('input[type=radio]')];
    const field = block.querySelector('input[type=range]') || block.querySelector('input[type=number]');
    const buttons = [...block.querySelectorAll('button.gallery-item')];
    if (radios.length) yield {element: block, name: nameOfBlock(block), ...ofRadios(radios)};
    else if (field) yield {element: block, name: nameOfBlock(block), ...ofField(field)};
    else if (buttons.length) yield {element: block, name: 'example', ...ofExamples(block, buttons, 0)};
  }
  for (const one of own) if (panel.contains(one.element)) yield one;
}

// The controls of a tab by name: below its first section the name begins with that of the section.
function controlsOf(panel, tab) {
  const controls = new Map();
  for (const one of found(panel)) {
    const section = one.element.closest('[data-of]')?.dataset.of || 'start';
    const plain = slug(one.name).replace(`${tab}-`, '');
    const name = section === 'start' || plain.startsWith(`${section}-`) ? plain : `${section}-${plain}`;
    let free = name;
    for (let i = 2; controls.has(free); i++) free = `${name}-${i}`;
    controls.set(free, one);
  }
  return controls;
}

// Follows a tab that is all there: changed(parts, choice) is called with what is set, as [name, value] in the order in
// which it was set last, whenever the visitor has set something; restore(parts) sets it.
export function follow(panel, tab, changed) {
  const usual = new Map(); // as the tab opened
  const last = new Map(); // as the address has it, the latest change last
  let timer = 0; // while the visitor's last act is not written down yet
  const leaving = new Set(); // what a restoration takes back to the usual: as it is, it may not be that yet
  let run = 0; // a restoration ends when the next begins, or the visitor does something
  let restoring = false;

  function look() {
    const controls = controlsOf(panel, tab);
    for (const [name, {get}] of controls) if (!usual.has(name)) usual.set(name, get());
    return controls;
  }
  async function idle(busy = BUSY) {
    for (const end = Date.now() + LATEST; Date.now() < end; ) {
      await wait(TICK);
      if (!panel.querySelector(busy)) return;
    }
  }

  // What has changed by itself, such as by the first answers, is as usual.
  function begin() {
    for (const [name, {get}] of look()) if (!timer && !last.has(name) && !leaving.has(name)) usual.set(name, get());
  }

  function collect({late = false} = {}) {
    let moved = false;
    let choice = false;
    for (const [name, control] of look()) {
      if (late && control.element.closest('.board')) continue;
      const value = control.get();
      if (value === (last.get(name) ?? usual.get(name))) continue;
      moved = true;
      choice ||= Boolean(control.choice);
      last.delete(name);
      if (value !== usual.get(name) && value !== null) last.set(name, value);
    }
    if (moved) changed([...last], choice && !late);
  }
  async function settle() {
    await wait(REST);
    await idle(); // what was chosen may come with an answer
    timer = 0;
    if (restoring) return;
    collect();
    const mine = run;
    for (let again = 0; again < LATER && !timer && mine === run; again++) {
      await wait(SECOND);
      if (!timer && mine === run) collect({late: true}); // Gradio's own controls have what Python answers when it does
    }
  }
  function acted(event) {
    if (!event.isTrusted && !byKey) return;
    const button = event.type === 'click' && event.target.closest('button');
    if (button) {
      const one = [...found(panel)].find(({buttons}) => buttons?.includes(button));
      if (one) clicked.set(one.element, button);
    }
    clearTimeout(timer);
    timer = setTimeout(settle, REST);
  }
  function took() {
    if (!panel.offsetParent) return;
    run += 1;
    restoring = false;
    begin();
    leaving.clear();
  }
  const before = (event) => {
    if (event.isTrusted) took();
  };
  for (const kind of ['pointerdown', 'keydown']) panel.addEventListener(kind, before, true);
  for (const kind of ['input', 'change', 'click', 'pointerup', 'keyup']) panel.addEventListener(kind, acted);

  const answered = () => idle(`${BUSY}, ${COMPUTING}`);
  async function restore(parts) {
    run += 1;
    const mine = run;
    restoring = true;
    const end = Date.now() + PATIENCE;
    await answered();
    if (mine !== run) return; // the next one knows what this one did
    begin();
    for (const [name, {get}] of look()) if (last.has(name) || get() !== usual.get(name)) leaving.add(name);
    for (const [name] of parts) leaving.delete(name);
    const todo = [...[...leaving].map((name) => [name, usual.get(name)]), ...parts];
    last.clear();
    for (const [name, value] of parts) last.set(name, value);
    while (todo.length && mine === run && Date.now() < end) {
      const controls = look();
      const i = todo.findIndex(([name]) => controls.has(name));
      if (i < 0) {
        await wait(TICK);
        continue;
      }
      const [[name, value]] = todo.splice(i, 1);
      const control = controls.get(name);
      if (control.get() === value) continue;
      control.set(value);
      await answered(); // which may set what comes next
    }
    // an answer that was asked for before may still bring its own values
    for (let again = 0; again < AGAIN && mine === run; again++) {
      await wait(SECOND);
      await answered();
      const controls = look();
      for (const [name, value] of parts)
        if (controls.has(name) && mine === run && controls.get(name).get() !== value) controls.get(name).set(value);
    }
    if (mine !== run) return;
    restoring = false;
    leaving.clear();
  }
  followed.push(took);
  look();
  return restore;
}
