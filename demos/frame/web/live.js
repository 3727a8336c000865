// Live calls of one board to Python: one in flight, the latest wins; and the line under the board that says what is
// wrong.
import {loaded as decoded} from './controls.js';

const LATE = 300; // milliseconds, after which a board looks busy

export function liveCalls(board) {
  const inFlight = new Set();
  const messageLine = document.createElement('p');
  let awake = false;
  messageLine.className = 'board-message';
  messageLine.setAttribute('role', 'status');
  board.append(messageLine);

  // Says one sentence under the board; '' clears it. kind: 'error', 'note' or 'busy', as saying() gives it back.
  function say(sentence, kind = 'error') {
    messageLine.textContent = sentence || '';
    messageLine.dataset.kind = sentence ? kind : '';
  }

  // A board looks busy only when an answer is late. The first answer loads the model, the others take milliseconds.
  function lookBusy() {
    const late = [...inFlight].some((call) => performance.now() - call.began > LATE);
    board.setAttribute('aria-busy', inFlight.size > 0);
    if (late && messageLine.dataset.kind !== 'error')
      say(awake ? 'Computing …' : 'One moment, the model is being loaded …', 'busy');
    if (!inFlight.size && messageLine.dataset.kind === 'busy') say('');
  }

  // const ask = liveCaller(server.decode); const answer = await ask({...}); if (!answer) return;
  // Resolves with Python's answer, or with null when a later call overtook this one or Python answered {error}.
  function liveCaller(ask) {
    let running = false;
    let waiting = null;
    async function run() {
      running = true;
      while (waiting) {
        const {argument, resolve} = waiting;
        waiting = null;
        const call = {began: performance.now()};
        inFlight.add(call);
        board.setAttribute('aria-busy', true);
        const timer = setTimeout(lookBusy, LATE + 20);
        let answer = null;
        try {
          answer = await ask(argument);
          awake = true;
          if (!answer) say('Something went wrong here. Try another input.');
          else if (answer.error) {
            say(answer.error);
            answer = null;
          } else if (messageLine.dataset.kind === 'error') say('');
        } catch (_) {
          say('The gallery does not answer. Check the connection, or reload this page.');
        }
        clearTimeout(timer);
        inFlight.delete(call);
        lookBusy();
        resolve(answer);
      }
      running = false;
    }
    return (argument) =>
      new Promise((resolve) => {
        if (waiting) waiting.resolve(null);
        waiting = {argument, resolve};
        if (!running) run();
      });
  }

  // The picture at an address, once it is there: a large one takes a while to be decoded, and the board is busy.
  async function loaded(address) {
    const call = {began: performance.now()};
    inFlight.add(call);
    board.setAttribute('aria-busy', true);
    try {
      return await decoded(address);
    } finally {
      inFlight.delete(call);
      lookBusy();
    }
  }

  return {say, saying: () => messageLine.dataset.kind, liveCaller, loaded};
}
